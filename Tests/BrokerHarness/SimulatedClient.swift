// SPDX-License-Identifier: Apache-2.0

internal import EventStream
package import ReprieveProtocol

/// A client of the broker under test.
package struct SimulatedClient: Sendable {
    package var connection = ClientConnection()
    package var heard: [ClientConnection.Event] = []
    /// How many bytes its socket still takes; nil is all.
    package var room: Int?
    /// Its socket did not take all that it was offered: the broker waits until it is writable.
    package var isFull = false
    /// What it has written while the broker did not want to read it.
    package var unread: [UInt8] = []
    package var isPaused = false
    /// It takes bytes and does not decode them.
    package var isDeaf = false
    private var decoder = FrameDecoder(limits: .fromBroker)

    package init() {}

    /// Takes what it has room for, and says how much that was.
    package mutating func take(_ bytes: Span<UInt8>) -> Int {
        let count = min(bytes.count, room ?? bytes.count)
        room = room.map { $0 - count }
        isFull = isFull || count < bytes.count
        guard !isDeaf else { return count }
        decoder.append(bytes.extracting(0..<count))
        decodeFrames()
        return count
    }

    private mutating func decodeFrames() {
        do {
            while let frame = try decoder.next() {
                if let event = connection.receive(frame) { heard.append(event) }
            }
        } catch {
            preconditionFailure("the broker sent a bad frame: " + error.message)
        }
    }
}

// What was heard, in a form to compare.

extension ClientConnection.Event {
    package var notice: PreUpdateEvent? {
        guard case .event(_, let payload, _) = self,
            case .preUpdate(let notice)? = try? ComponentEvent(decoding: payload)
        else { return nil }
        return notice
    }

    package var post: PostUpdateEvent? {
        guard case .event(_, let payload, _) = self,
            case .postUpdate(let post)? = try? ComponentEvent(decoding: payload)
        else { return nil }
        return post
    }

    package var gate: GateEvent? {
        guard case .event(_, let payload, _) = self else { return nil }
        return try? GateEvent(decoding: payload, limits: .fromBroker)
    }

    package var error: ErrorShape? {
        if case .failed(_, let error) = self { error } else { nil }
    }

    package func response<Response: Shape>(as type: Response.Type) -> Response? {
        guard case .response(_, let payload, _) = self else { return nil }
        return try? Response(decoding: payload, limits: .fromBroker)
    }
}
