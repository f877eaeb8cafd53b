// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import ReprieveTransport
import ScriptedBroker
import Testing

@Suite("A component's subscription", .timeLimit(.minutes(5))) struct ComponentSubscriptionTests {
    private struct Enough: Error {}

    private let post = PostUpdateEvent(deploymentID: "d-1", outcome: .applied)

    /// Accepts a subscription, sends an event of a later broker and one of today, and ends it.
    private func broker() -> ScriptedBroker {
        ScriptedBroker { [post] connection, event in
            switch event {
            case .connect: connection.accept()
            case .request(let stream, _, _):
                connection.respond(stream, SubscribeResponse(underway: ["d-0"]).encoded())
                    + connection.send(stream, ComponentEvent.unknown.encoded())
                    + connection.send(
                        stream,
                        ComponentEvent.postUpdate(post).encoded(),
                        isLast: true
                    )
            default: []
            }
        }
    }

    @Test func `is made again, and tells a failure that repeats from a new one`() async {
        let broker = broker()
        defer { broker.stop() }
        let subscription = ComponentSubscription(path: broker.path, name: "camera")
        var events: [String] = []
        await #expect(throws: Enough.self) {
            try await subscription.run { event in
                switch event {
                case .connected: events.append("connected")
                case .caughtUp: events.append("caught up")
                case .subscribed(_, let response): events += response.underway
                case .notice(let notice): events.append(notice.deploymentID)
                case .post(let post): events.append(post.deploymentID)
                case .lost(let error, let isNews):
                    #expect(error == .ended(path: broker.path))
                    events.append(isNews ? "lost" : "lost again")
                    if !isNews { throw Enough() }
                }
            }
        }
        let first = ["connected", "d-0", "d-1", "lost"]
        #expect(events == first + ["connected", "d-0", "d-1", "lost again"])
    }

    @Test func `keeps its connection for the farewell after the cancellation`() async {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: connection.accept()
            case .request(let stream, _, _): connection.respond(stream, Empty().encoded())
            case .reply(let pong): pong
            default: []
            }
        }
        defer { broker.stop() }
        let (connections, continuation) = AsyncStream<Connection>.makeStream()
        await confirmation { farewell in
            let task = Task {
                try await ComponentSubscription(path: broker.path, name: nil).run {
                    for await connection in connections {
                        do { try await connection.roundTrip() } catch { Issue.record(error) }
                        return farewell()
                    }
                } _: { event in
                    guard case .subscribed(let connection, _) = event else { return }
                    continuation.yield(connection)
                    withUnsafeCurrentTask { $0?.cancel() }
                }
            }
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test func `prints why it failed`() {
        let denied = ConnectionError(.denied, "/p")
        #expect("\(SubscriptionError.connection(denied))" == denied.message)
        let refused = SubscriptionError.refused(ErrorShape(.unauthorized, "no"), path: "/p")
        #expect("\(refused)".contains("the broker at /p refuses the subscription: no"))
        #expect(!refused.isTemporary)
        #expect(SubscriptionError.ended(path: "/p").isTemporary)
    }
}
