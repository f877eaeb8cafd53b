// SPDX-License-Identifier: Apache-2.0

internal import EventStream
package import Negotiation
internal import ReprieveBroker
package import ReprieveProtocol

/// The upstream of the broker under test. It says only what a test has it say.
package struct SimulatedUpstream: Sendable {
    package struct Connection: Sendable {
        /// What was said on it, and not yet asked for.
        package var heard: [Message] = []
        package var isPaused = false
        /// How many bytes it still takes; nil is all.
        package var room: Int?
        /// The client that it belongs to.
        fileprivate let client: PeerID
        fileprivate var decoder = FrameDecoder(limits: .fromBroker)
    }

    package var connections: [PeerID: Connection] = [:]
    /// What was said, and not asked for, on the connection that the broker closed last.
    package private(set) var heardBeforeClose: [Message] = []
    /// Nothing listens at its socket.
    package var isAbsent = false
    /// The queue of its socket is full.
    package var isBusy = false
    /// Far from the numbers of clients.
    private var latest: UInt64 = 1 << 12

    package init() {}

    /// As a broker finds it that goes on after another: with the connections that were kept.
    func keeping(_ kept: Set<PeerID>) -> SimulatedUpstream {
        var upstream = self
        upstream.connections = connections.filter { kept.contains($0.key) }
        for peer in upstream.connections.keys { upstream.connections[peer]?.isPaused = false }
        return upstream
    }

    /// The clients of its connections.
    var clients: [PeerID: PeerID] { connections.mapValues(\.client) }

    mutating func open(for client: PeerID) -> UpstreamOpening {
        if isAbsent { return .failed("nothing listens there") }
        if isBusy { return .busy }
        latest += 1
        connections[PeerID(latest)] = Connection(client: client)
        return .opened(PeerID(latest))
    }

    mutating func close(_ peer: PeerID) {
        guard let connection = connections.removeValue(forKey: peer) else { return }
        heardBeforeClose = connection.heard
    }

    /// How many bytes it takes; nil if they are for another peer.
    mutating func take(_ bytes: Span<UInt8>, from peer: PeerID) -> Int? {
        guard var connection = connections[peer] else { return nil }
        let count = min(bytes.count, connection.room ?? bytes.count)
        connection.room = connection.room.map { $0 - count }
        connection.decoder.append(bytes.extracting(0..<count))
        do {
            while let frame = try connection.decoder.next() {
                connection.heard.append(try Message(decoding: frame))
            }
        } catch {
            preconditionFailure("the broker sent the upstream a bad frame")
        }
        connections[peer] = connection
        return count
    }
}

extension BrokerHarness {
    /// What the upstream was told on a connection since it was asked last.
    package mutating func heard(byUpstream peer: PeerID) -> [Message] {
        defer { performer.host.upstream?.connections[peer]?.heard = [] }
        return performer.host.upstream?.connections[peer]?.heard ?? []
    }

    /// The connections to the upstream.
    package var upstreams: [PeerID] { host.upstream?.connections.keys.sorted() ?? [] }

    /// A component that has sent CONNECT with a token of the upstream's. Without a name it has no
    /// unit of its own, and the upstream is asked.
    package mutating func connectThroughUpstream(_ name: String?) -> PeerID {
        let place = Place(unit: name.map { "ggl.\($0).service" })
        let peer = enter(at: .components, place: place)
        say(peer) { $0.connect(ConnectRequest(authToken: "dG9rZW4gb2YgTGl0")) }
        return peer
    }

    /// The upstream accepts every token and refuses every request, until it has nothing to answer
    /// or is not read.
    package mutating func answerFromUpstream() {
        var hasAnswered = true
        while hasAnswered {
            hasAnswered = false
            for id in upstreams {
                guard host.upstream?.connections[id]?.isPaused == false else { continue }
                let answers = heard(byUpstream: id).compactMap(\.refusal)
                for answer in answers { say(answer, from: id) }
                hasAnswered = hasAnswered || !answers.isEmpty
            }
        }
    }

    /// The upstream says something.
    package mutating func say(_ message: Message, from upstream: PeerID) {
        turn(.received(message.encoded(), from: upstream))
    }
}

extension Message {
    /// What an upstream answers that takes every connection and no request; nil where nothing has
    /// to be answered.
    fileprivate var refusal: Message? {
        switch type {
        case .connect: Message(.connectAck, flags: Flags.connectionAccepted)
        case .applicationMessage where operation != nil:
            Message(
                .applicationError,
                flags: Flags.terminateStream,
                stream: stream,
                payload: ErrorShape(.serviceError, "").encoded()
            )
        default: nil
        }
    }
}
