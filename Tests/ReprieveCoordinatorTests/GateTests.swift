// SPDX-License-Identifier: Apache-2.0

import ReprieveCoordinator
import ReprieveProtocol
import ReprieveTransport
import ScriptedBroker
import Synchronization
import Testing

private let released = GateEvent.released(
    ReleasedShape(
        deploymentID: "d-1",
        basis: .silence,
        waitedMs: 1_500,
        participants: ["a", "b"],
        silent: ["b"],
        overridden: []
    )
)

private let announced = GateResponse(
    deploymentID: "d-1",
    participants: ["a", "b"],
    attached: false,
    unmatched: []
)

/// Answers a gate with `end`, or lets it wait; everything else succeeds.
private func broker(_ end: GateEvent?) -> ScriptedBroker {
    ScriptedBroker { connection, event in
        switch event {
        case .connect: return connection.accept()
        case .request(let stream, .gateUpdate, _):
            let response = connection.respond(stream, announced.encoded())
            guard let end else { return response }
            return response + connection.send(stream, end.encoded(), isLast: true)
        case .request(let stream, _, _): return connection.respond(stream, Empty().encoded())
        default: return []
        }
    }
}

extension ScriptedBroker {
    fileprivate func request(_ wanted: Operation) async -> [UInt8]? {
        for await event in heard {
            if case .request(_, wanted, let payload) = event { return payload }
        }
        return nil
    }
}

@Suite(.timeLimit(.minutes(1))) struct GateTests {
    @Test func `an event that is not known yet is passed over`() async throws {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: return connection.accept()
            case .request(let stream, .gateUpdate, _):
                let future = connection.send(stream, Array(#"{"future":{}}"#.utf8))
                return connection.respond(stream, announced.encoded()) + future
                    + connection.send(stream, released.encoded(), isLast: true)
            case .request(let stream, _, _): return connection.respond(stream, Empty().encoded())
            default: return []
            }
        }
        defer { broker.stop() }
        try await withGate(for: Update("d-1"), controlSocket: broker.path) { release in
            #expect(release.silent == ["b"])
            return .applied
        }
    }

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

    @Test func `a gate that is refused throws, and the body does not run`() async throws {
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
        #expect(error?.message == "no answer from a")
    }

    @Test func `to cancel the task withdraws the update`() async throws {
        let broker = broker(nil)
        defer { broker.stop() }
        let path = broker.path
        let gating = Task {
            try await withGate(for: Update("d-1"), controlSocket: path) { _ in .applied }
        }
        _ = await broker.request(.gateUpdate)
        gating.cancel()
        let payload = await broker.request(.cancelUpdate) ?? []
        #expect(try ReasonedRequest(decoding: payload).deploymentID == "d-1")
        await #expect(throws: CancellationError.self) { try await gating.value }
    }

    @Test func `a broker that is not there is an error of its own`() async {
        let error = await #expect(throws: GateError.self) {
            try await withGate(for: Update("d-1"), controlSocket: "/tmp/no-such-socket") { _ in
                .applied
            }
        }
        #expect(error?.code == .noBroker)
    }

    @Test func `a broker that dies while the gate waits is attached to again`() async throws {
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
        let end = try await Control(path: broker.path).gate(GateRequest(deploymentID: "d-1")) {
            switch $0 {
            case .attached:
                steps.append("attached")
                if steps.count == 1 { broker.hangUp() }
            case .lost(let error):
                #expect(error.code == .broken)
                steps.append("lost")
            case .event: steps.append("event")
            }
        }
        #expect(end == released)
        #expect(steps == ["attached", "lost", "attached", "event"])
    }
}
