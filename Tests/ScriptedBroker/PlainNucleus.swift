// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import EventStream
internal import Glibc
internal import ReprieveProtocol
internal import StrictJSON
internal import Synchronization

/// The part of a Greengrass nucleus that concerns updates, without Reprieve's additions: it knows a
/// component by its token alone, sends Greengrass's own fields only, takes one answer to each
/// notice, and refuses every further one.
package final class PlainNucleus: Sendable {
    package enum Event: Hashable, Sendable {
        case connected(token: String)
        case denied
        case subscribed(token: String, request: String)
        /// The answer was taken, for how many milliseconds.
        case answered(Int64)
        /// The answer came too late, or was the second.
        case refused(Int64)
        case hungUp
    }

    package let path = Socket.freshPath()
    private let heard: AsyncStream<Event>
    private let hears: AsyncStream<Event>.Continuation
    private let tokens: Set<String>
    private let state = Mutex(State())

    private struct State {
        var peers: [Int32: Peer] = [:]
        /// The unanswered updates of each component, by its token.
        var questions: [String: Set<String>] = [:]
    }

    private struct Peer {
        var connection = ServerConnection()
        var decoder = FrameDecoder()
        var token: String?
        var subscription: Int32?

        var openStreams: Int {
            (1...10_000).count { connection.operation(of: Int32($0)) != nil }
        }
    }

    package init(tokens: Set<String>) {
        self.tokens = tokens
        (heard, hears) = AsyncStream.makeStream()
        let listener = Socket.listen(at: path)
        // The thread ends with the program: a test's nucleus is not stopped.
        DispatchQueue(label: "plain nucleus").async { [self] in
            while true {
                let number = accept(listener, nil, nil)
                guard number >= 0 else { continue }
                state.withLock { $0.peers[number] = Peer() }
                DispatchQueue(label: "peer").async { [self] in serve(number) }
            }
        }
    }

    /// The next event; nil if the test's task is cancelled.
    package func next() async -> Event? {
        for await event in heard { return event }
        return nil
    }

    /// The number of streams that its clients have open.
    package var openStreams: Int {
        state.withLock { state in
            state.peers.values.reduce(0) { $0 + $1.openStreams }
        }
    }

    /// Asks all subscribed components. Earlier questions are forgotten.
    package func announce(_ id: String) {
        state.withLock { state in
            for (number, peer) in state.peers {
                guard let token = peer.token, peer.subscription != nil else { continue }
                state.questions[token] = [id]
                let fields: JSON = ["deploymentId": .string(id), "isGgcRestarting": true]
                send(["preUpdateEvent": fields], to: number, &state)
            }
        }
    }

    package func finish(_ id: String) {
        state.withLock { state in
            for number in state.peers.keys {
                send(["postUpdateEvent": ["deploymentId": .string(id)]], to: number, &state)
            }
        }
    }

    private func send(_ event: JSON, to number: Int32, _ state: inout State) {
        guard let stream = state.peers[number]?.subscription,
            let frame = state.peers[number]?.connection.send(stream, event.encoded())
        else { return }
        Socket.send(frame, on: number)
    }

    private func serve(_ number: Int32) {
        while let bytes = Socket.receive(on: number) {
            state.withLock { state in
                state.peers[number]?.decoder.append(bytes)
                while let frame = try? state.peers[number]?.decoder.next() {
                    guard let event = state.peers[number]?.connection.receive(frame) else {
                        continue
                    }
                    let answer = answer(event, from: number, &state)
                    Socket.send(answer, on: number)
                }
            }
        }
        state.withLock { $0.peers[number] = nil }
        Socket.end(number)
        hears.yield(.hungUp)
    }

    private func answer(
        _ event: ServerConnection.Event,
        from number: Int32,
        _ state: inout State
    ) -> [UInt8] {
        guard var peer = state.peers[number] else { return [] }
        defer { state.peers[number] = peer }
        switch event {
        case .connect(let request):
            guard let token = request?.authToken, tokens.contains(token) else {
                hears.yield(.denied)
                return peer.connection.deny()
            }
            peer.token = token
            hears.yield(.connected(token: token))
            return peer.connection.accept()
        case .request(let stream, .subscribeToComponentUpdates, let payload):
            peer.subscription = stream
            let request = String(decoding: payload, as: UTF8.self)
            hears.yield(.subscribed(token: peer.token ?? "", request: request))
            return peer.connection.respond(stream, Empty().encoded())
        case .request(let stream, .deferComponentUpdate, let payload):
            return take(payload, on: stream, of: &peer, &state)
        case .request(let stream, let operation, _):
            let text = "Operation \(operation.rawValue) is not supported by Greengrass"
            return peer.connection.fail(stream, ErrorShape(.serviceError, text))
        case .closed(_, _, let reply), .reply(let reply), .violation(let reply, _): return reply
        case .forward: preconditionFailure("it has no upstream")
        }
    }

    /// Applies Greengrass's rules in their order. A component may answer on any of its connections.
    private func take(
        _ payload: [UInt8],
        on stream: Int32,
        of peer: inout Peer,
        _ state: inout State
    ) -> [UInt8] {
        let token = peer.token ?? ""
        let isSubscribed =
            peer.subscription != nil
            || state.peers.values.contains { $0.token == token && $0.subscription != nil }
        guard isSubscribed else {
            let text = "Component is not subscribed to component update events"
            return peer.connection.fail(stream, ErrorShape(.invalidArguments, text))
        }
        guard let request = try? DeferRequest(decoding: payload),
            let milliseconds = request.recheckAfterMs
        else {
            let text = "The deploymentId is missing"
            return peer.connection.fail(stream, ErrorShape(.invalidArguments, text))
        }
        guard state.questions[token]?.remove(request.deploymentID) != nil else {
            hears.yield(.refused(milliseconds))
            let text = "Time limit to respond to PreComponentUpdateEvent exceeded"
            return peer.connection.fail(stream, ErrorShape(.serviceError, text))
        }
        hears.yield(.answered(milliseconds))
        return peer.connection.respond(stream, Empty().encoded())
    }
}
