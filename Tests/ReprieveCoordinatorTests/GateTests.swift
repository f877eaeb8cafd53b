// SPDX-License-Identifier: Apache-2.0

import ReprieveCoordinator
import ReprieveProtocol
import ReprieveTransport
import ScriptedBroker
import Synchronization
import Testing

@Suite("A gate", .timeLimit(.minutes(5))) struct GateTests {
    @Test func `the body runs at release, and its outcome is reported`() async throws {
        let broker = broker(released)
        defer { broker.stop() }
        try await withGate(for: Update("d-1"), controlSocket: broker.path) { release in
            #expect(release.basis == .silence)
            #expect(release.silent == ["b"])
            #expect(release.waited == .milliseconds(1_500))
            return .applied
        }
        let payload = await broker.request(.completeUpdate) ?? []
        #expect(try CompleteRequest(decoding: payload).outcome == .applied)
    }

    @Test func `a body that throws has failed`() async throws {
        struct Broken: Error {}
        let broker = broker(released)
        defer { broker.stop() }
        await #expect(throws: Broken.self) {
            try await withGate(for: Update("d-1"), controlSocket: broker.path) { _ in
                throw Broken()
            }
        }
        let payload = await broker.request(.completeUpdate) ?? []
        #expect(try CompleteRequest(decoding: payload).outcome == .failed)
    }

    @Test(arguments: [false, true])
    func `names that no component ever had are refused, unless the policy allows them`(
        isAllowed: Bool
    ) async throws {
        let broker = broker(released)
        defer { broker.stop() }
        var policy = GatePolicy()
        policy.allowsUnmatched = isAllowed
        let update = Update("d-1", components: ["a"])
        try await withGate(for: update, policy: policy, controlSocket: broker.path) { _ in
            .applied
        }
        let payload = await broker.request(.gateUpdate) ?? []
        #expect(try GateRequest(decoding: payload).refusesUnknown != isAllowed)
    }

    @Test func `an announcement without a response is made again, since it may have counted`()
        async throws
    {
        let attempts = Mutex(0)
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: return connection.accept()
            case .request(let stream, .gateUpdate, _):
                guard isFurther(attempts) else { return [] }
                let response = connection.respond(stream, announced.encoded())
                return response + connection.send(stream, released.encoded(), isLast: true)
            default: return []
            }
        }
        defer { broker.stop() }
        var control = ControlClient(path: broker.path)
        control.responseTimeout = .seconds(1)
        let end = try await control.gate(GateRequest(deploymentID: "d-1")) { _ in }
        #expect(end == released)
        #expect(attempts.withLock { $0 } == 2)
    }

    @Test func `a refused gate throws, and the body does not run`() async throws {
        let by = WithdrawnShape(deploymentID: "d-1", by: "a", reason: "no answer from a")
        let broker = broker(.refused(by))
        defer { broker.stop() }
        let error = await #expect(throws: GateError.self) {
            try await withGate(for: Update("d-1"), controlSocket: broker.path) { _ in
                Issue.record("it ran")
                return .applied
            }
        }
        #expect(error?.code == .refused)
        #expect(error?.message == "the update was refused because of a: no answer from a")
    }

    @Test func `an outcome that the broker does not take is an error of its own`() async throws {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: return connection.accept()
            case .request(let stream, .gateUpdate, _):
                let response = connection.respond(stream, announced.encoded())
                return response + connection.send(stream, released.encoded(), isLast: true)
            case .request(let stream, _, _):
                return connection.fail(stream, ErrorShape(.conflict, "it has ended: cancelled"))
            default: return []
            }
        }
        defer { broker.stop() }
        let error = await #expect(throws: GateError.self) {
            try await withGate(for: Update("d-1"), controlSocket: broker.path) { _ in .applied }
        }
        #expect(error?.code == .unreported)
        #expect(error?.cause == .conflict)
        #expect(error?.message == "the outcome applied is not reported: it has ended: cancelled")
        #expect(error.map { "\($0)" } == error?.message, "it prints as its message")
    }

    @Test func `an outcome that comes later is not reported now`() async throws {
        let broker = broker(released)
        defer { broker.stop() }
        try await withGate(for: Update("d-1"), controlSocket: broker.path) { _ in .completesLater }
        try await complete("d-1", .rolledBack, message: "no room", controlSocket: broker.path)
        let payload = await broker.request(.completeUpdate) ?? []
        let request = try CompleteRequest(decoding: payload)
        #expect(request.outcome == .rolledBack)
        #expect(request.message == "no room")
    }

    @Test(arguments: [Outcome.cancelled, .unknown, .postponed])
    func `an outcome that is not a coordinator's is not reported`(outcome: Outcome) async {
        let error = await #expect(throws: GateError.self) { try await complete("d-1", outcome) }
        #expect(error?.code == .invalid)
        #expect(error?.message.hasSuffix("not \(outcome.rawValue)") == true)
    }

    @Test func `the progress says which components block the update, why, and for how long`()
        async throws
    {
        let participant = ParticipantShape(
            component: "a",
            state: .deferred,
            sinceMs: 5,
            untilMs: 2_500,
            message: "recording",
            deferrals: 1,
            blockedMs: 5,
            remainingMs: 100
        )
        let progress = waiting(for: [participant])
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: return connection.accept()
            case .request(let stream, .gateUpdate, _):
                let response = connection.respond(stream, announced.encoded())
                let shown = connection.send(stream, progress.encoded())
                return response + shown + connection.send(stream, released.encoded(), isLast: true)
            case .request(let stream, _, _): return connection.respond(stream, Empty().encoded())
            default: return []
            }
        }
        defer { broker.stop() }
        var seen: [GateProgress] = []
        let look = { (progress: GateProgress) in seen.append(progress) }
        try await withGate(for: Update("d-1"), controlSocket: broker.path, progress: look) { _ in
            .applied
        }
        #expect(seen.map(\.participants) == [["a"]])
        #expect(seen.first?.deadline == .seconds(60))
        #expect(seen.first?.blockers.map(\.component) == ["a"])
        #expect(seen.first?.blockers.first?.reason == "recording")
        #expect(seen.first?.blockers.first?.remaining == .milliseconds(2_500))
    }

    @Test func `a coordinator attaches again to a broker that restarts`() async throws {
        let lives = Mutex(0)
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect:
                lives.withLock { $0 += 1 }
                return connection.accept()
            case .request(let stream, .gateUpdate, _):
                let response = connection.respond(stream, announced.encoded())
                guard lives.withLock({ $0 }) == 2 else { return response }
                return response + connection.send(stream, released.encoded(), isLast: true)
            default: return []
            }
        }
        defer { broker.stop() }
        var steps: [String] = []
        let end = try await ControlClient(path: broker.path).gate(GateRequest(deploymentID: "d-1"))
        {
            switch $0 {
            case .attached:
                steps.append("attached")
                if steps.count == 1 { broker.hangUp() }
            case .lost(let error):
                #expect(error.code == .broken)
                steps.append("lost")
            case .event: steps.append("event")
            case .asking: break
            }
        }
        #expect(end == released)
        #expect(steps == ["attached", "lost", "attached", "event"])
    }
}
