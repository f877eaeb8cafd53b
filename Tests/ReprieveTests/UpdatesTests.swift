// SPDX-License-Identifier: Apache-2.0

import Reprieve
import ReprieveProtocol
import ScriptedBroker
import Testing

/// A broker for one update: what it sends after a subscription, and after each answer.
private func broker(
    first: [ComponentEvent],
    then: @escaping @Sendable (DeferRequest) -> [ComponentEvent] = { _ in [] },
    refuses: @escaping @Sendable (DeferRequest) -> Bool = { _ in false }
) -> ScriptedBroker {
    ScriptedBroker { connection, event in
        switch event {
        case .connect: return connection.accept()
        case .request(let stream, .subscribeToComponentUpdates, _):
            return first.reduce(connection.respond(stream, Empty().encoded())) {
                $0 + connection.send(stream, $1.encoded())
            }
        case .request(let stream, .deferComponentUpdate, let payload):
            guard let request = try? DeferRequest(decoding: payload) else { return nil }
            if refuses(request) {
                return connection.fail(stream, ErrorShape(.serviceError, "too late"))
            }
            let granted = DeferResponse(grantedMs: request.recheckAfterMs, remainingMs: 1)
            return then(request).reduce(connection.respond(stream, granted.encoded())) {
                $0 + connection.send(1, $1.encoded())
            }
        default: return []
        }
    }
}

private func notice(_ round: Int64, final: Bool = false) -> ComponentEvent {
    var event = PreUpdateEvent(deploymentID: "d-1", isGgcRestarting: false)
    event.round = round
    event.final = final
    event.respondByMs = 60_000
    return .preUpdate(event)
}

private let applied = ComponentEvent.postUpdate(
    PostUpdateEvent(deploymentID: "d-1", outcome: .applied)
)

extension ScriptedBroker {
    /// The next answers that arrive.
    fileprivate func answers(_ count: Int) async -> [DeferRequest] {
        var answers: [DeferRequest] = []
        for await event in heard {
            guard case .request(_, .deferComponentUpdate, let payload) = event,
                let request = try? DeferRequest(decoding: payload)
            else { continue }
            answers.append(request)
            if answers.count == count { break }
        }
        return answers
    }
}

/// Runs `body` while the component takes part.
private func participating(
    in broker: ScriptedBroker,
    answer: (@Sendable (Notice) async -> Answer)? = nil,
    _ body: (Updates) async throws -> Void
) async throws {
    let updates = Updates(component: "com.example.Camera", socket: broker.path)
    let tasks = [
        Task { if let answer { try await updates.answer(answer) } },
        Task { await updates.run() },
    ]
    defer {
        for task in tasks { task.cancel() }
        broker.stop()
    }
    try await body(updates)
}

@Suite(.timeLimit(.minutes(1))) struct UpdatesTests {
    @Test func `what the closure returns is the answer, with the notice's round`() async throws {
        let broker = broker(first: [notice(3)])
        try await participating(in: broker) { _ in
            .defer(for: .seconds(30), because: "recording")
        } _: { _ in
            // Before the closure is known, the library may have said that nothing is in the way.
            let answers = await broker.answers(1)
            let last = answers[0].recheckAfterMs == 0 ? await broker.answers(1)[0] : answers[0]
            let expected = DeferRequest(
                deploymentID: "d-1",
                recheckAfterMs: 30_000,
                message: "recording",
                round: 3
            )
            #expect(last == expected)
        }
    }

    @Test func `an acknowledgement that got ready stands in the final asking, and hears the end`()
        async throws
    {
        let (outcomes, heard) = AsyncStream<Outcome>.makeStream()
        let broker = broker(first: [notice(1)]) { request in
            switch request.round {
            case 1: [notice(2, final: true)]
            default: [applied]
            }
        }
        try await participating(in: broker) { _ in
            .acknowledge { heard.yield($0) }
        } _: { _ in
            let answers = await broker.answers(2)
            #expect(answers.map(\.recheckAfterMs) == [0, 0])
            #expect(answers.map(\.round) == [1, 2])
            for await outcome in outcomes {
                #expect(outcome == .applied)
                break
            }
        }
    }

    @Test func `who got ready is told when another defers in the final asking`() async throws {
        let (outcomes, heard) = AsyncStream<Outcome>.makeStream()
        let broker = broker(first: [notice(1, final: true)]) { request in
            request.round == 1 ? [notice(2)] : [applied]
        }
        try await participating(in: broker) { _ in
            .acknowledge { heard.yield($0) }
        } _: { _ in
            var all: [Outcome] = []
            for await outcome in outcomes {
                all.append(outcome)
                if all.count == 2 { break }
            }
            #expect(all == [.postponed, .applied])
        }
    }

    @Test func `an update waits while a deferring scope is open, and no longer`() async throws {
        let broker = broker(first: [notice(1)])
        try await participating(in: broker) { updates in
            #expect(await broker.answers(1)[0].recheckAfterMs == 0)
            try await updates.deferring("writing firmware") {
                let deferral = await broker.answers(1)[0]
                #expect(deferral.message == "writing firmware")
                #expect(deferral.recheckAfterMs > 0)
            }
            #expect(await broker.answers(1)[0].recheckAfterMs == 0)
        }
    }

    @Test func `a scope does not begin when the gate has just opened`() async throws {
        let broker = broker(first: [notice(1, final: true)], refuses: { $0.recheckAfterMs > 0 })
        try await participating(in: broker) { updates in
            _ = await broker.answers(1)
            let error = await #expect(throws: UpdatesError.self) {
                try await updates.deferring("writing firmware") { Issue.record("it began") }
            }
            #expect(error?.code == .updateUnderway)
        }
    }

    @Test func `without a broker a scope runs undisturbed`() async throws {
        let updates = Updates(component: "com.example.Camera", socket: "/tmp/no-such-socket")
        #expect(try await updates.deferring("busy") { 7 } == 7)
    }

    @Test func `a component whose broker hangs up comes back and is asked again`() async throws {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: return connection.accept()
            case .request(let stream, .subscribeToComponentUpdates, _):
                return connection.respond(stream, Empty().encoded())
                    + connection.send(stream, notice(1).encoded())
            default: return nil
            }
        }
        try await participating(in: broker) { _ in
            let answers = await broker.answers(2)
            #expect(answers.map(\.deploymentID) == ["d-1", "d-1"])
        }
    }

    @Test func `a scope does not begin while an update goes ahead that started this program`()
        async throws
    {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: return connection.accept()
            case .request(let stream, .subscribeToComponentUpdates, _):
                let response = SubscribeResponse(underway: ["d-1"])
                return connection.respond(stream, response.encoded())
            default: return nil
            }
        }
        defer { broker.stop() }
        await withUpdates(component: "com.example.Camera", socket: broker.path) { updates in
            let error = await #expect(throws: UpdatesError.self) {
                try await updates.deferring("writing firmware") { Issue.record("it began") }
            }
            #expect(error?.message.contains("d-1") ?? false)
        }
    }

    @Test func `a scope begins at once where there is no broker to ask`() async throws {
        for name in ["com.example.Camera", "no name"] {
            let result = try await withUpdates(component: name, socket: "/tmp/no-such-socket") {
                try await $0.deferring("busy") { 7 }
            }
            #expect(result == 7)
        }
    }

    @Test func `it subscribes as one that confirms, under its name`() async throws {
        let broker = broker(first: [])
        try await participating(in: broker) { _ in
            var said: [String] = []
            for await event in broker.heard {
                if case .connect(let who) = event { said.append(who?.componentName ?? "") }
                if case .request(_, _, let payload) = event {
                    said.append(String(decoding: payload, as: UTF8.self))
                    break
                }
            }
            #expect(said == ["com.example.Camera", #"{"confirm":true,"underway":true}"#])
        }
    }
}
