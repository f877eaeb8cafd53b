// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// The latest frame of a kind. Most components are sent the same content on a stream of the same
/// number, so a thousand outboxes can share one array.
struct FrameCache<Content: Equatable & Sendable>: Sendable {
    private var content: Content?
    private var stream: Int32 = 0
    private var frame: [UInt8] = []

    mutating func frame(
        _ content: Content,
        _ stream: Int32,
        _ encode: () -> [UInt8]
    ) -> [UInt8] {
        if stream != self.stream || !holds(content) {
            self.content = content
            self.stream = stream
            frame = encode()
        }
        return frame
    }

    private func holds(_ wanted: Content) -> Bool {
        switch content {
        case .some(let known): known == wanted
        case nil: false
        }
    }
}

extension Notice {
    /// AWS's C SDK takes only small frames: a notice that would be too long omits `components`.
    func frame(_ encode: ([UInt8]) -> [UInt8]) -> [UInt8] {
        var event = PreUpdateEvent(self)
        if hasTooManyNames { event.components = nil }
        let frame = encode(ComponentEvent.preUpdate(event).encoded())
        guard frame.count > Limits.componentFrame else { return frame }
        event.components = nil
        return encode(ComponentEvent.preUpdate(event).encoded())
    }

    /// The names alone are longer than a frame. They are not encoded to find that out: with
    /// notices that differ, each component would cost as much as there are names.
    private var hasTooManyNames: Bool {
        var room = Limits.componentFrame
        let lacksRoom = components?.contains { name in
            room -= name.utf8.count + #""","#.utf8.count
            return room < 0
        }
        return lacksRoom ?? false
    }
}
