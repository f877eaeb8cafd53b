// SPDX-License-Identifier: Apache-2.0

import Logging
import ReprieveCoordinator
import ReprieveProtocol
import ReprieveShutdown
import ScriptedBroker
import ServiceLifecycle
import Synchronization
import Testing

/// What happened, in order.
private final class Chronicle: Sendable {
    private let events = Mutex<[String]>([])

    func enter(_ event: String) { events.withLock { $0.append(event) } }

    var all: [String] { events.withLock { $0 } }
}

/// A service that goes on until it is told to shut down.
private struct Worker: Service {
    let chronicle: Chronicle
    let started = AsyncStream<Void>.makeStream()

    func run() async throws {
        started.continuation.finish()
        try await gracefulShutdown()
        chronicle.enter("the worker shuts down")
    }
}

/// A broker that says nothing of a gate before `end` does.
private func broker(
    _ chronicle: Chronicle,
    end: @escaping @Sendable () -> GateEvent?
) -> ScriptedBroker {
    ScriptedBroker { connection, event in
        switch event {
        case .connect: return connection.accept()
        case .request(let stream, .gateUpdate, _):
            let response = GateResponse(
                deploymentID: "d",
                participants: ["a"],
                attached: false,
                unmatched: []
            )
            let announced = connection.respond(stream, response.encoded())
            guard let end = end() else { return announced }
            chronicle.enter("the gate ends")
            return announced + connection.send(stream, end.encoded(), isLast: true)
        case .request(let stream, _, _): return connection.respond(stream, Empty().encoded())
        default: return []
        }
    }
}

private let released = GateEvent.released(
    ReleasedShape(
        deploymentID: "d",
        basis: .consent,
        waitedMs: 0,
        participants: ["a"],
        silent: [],
        overridden: []
    )
)

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

@Suite(.timeLimit(.minutes(1))) struct `A gate at the shutdown of a service group` {
    private let chronicle: Chronicle
    private let worker: Worker

    init() {
        chronicle = Chronicle()
        worker = Worker(chronicle: chronicle)
    }

    /// Lets the group run until the worker does, and then shuts it down.
    private func shutDown(_ group: ServiceGroup) async throws {
        async let running: Void = group.run()
        for await _ in worker.started.stream {}
        await group.triggerGracefulShutdown()
        try await running
    }

    private func group(_ gate: ShutdownGate, maximum: Duration? = nil) -> ServiceGroup {
        var configuration = ServiceGroupConfiguration(
            services: [worker, gate],
            logger: quiet
        )
        configuration.maximumGracefulShutdownDuration = maximum
        return ServiceGroup(configuration: configuration)
    }

    private func gate(_ path: String) -> ShutdownGate {
        ShutdownGate(for: Update("d"), controlSocket: path, logger: quiet)
    }

    @Test func `holds the others up until it opens`() async throws {
        let broker = broker(chronicle) { released }
        defer { broker.stop() }
        try await shutDown(group(gate(broker.path)))
        #expect(chronicle.all == ["the gate ends", "the worker shuts down"])
    }

    @Test func `leaves the update to be completed at the next start`() async throws {
        let broker = broker(chronicle) { released }
        try await shutDown(group(gate(broker.path)))
        broker.stop()
        for await event in broker.heard {
            if case .request(_, .completeUpdate, _) = event { Issue.record("it was completed") }
        }
    }

    @Test func `that is refused does not stop the shutdown`() async throws {
        let refusal = WithdrawnShape(deploymentID: "d", by: "a", reason: "no answer from a")
        let broker = broker(chronicle) { .refused(refusal) }
        defer { broker.stop() }
        try await shutDown(group(gate(broker.path)))
        #expect(chronicle.all == ["the gate ends", "the worker shuts down"])
    }

    @Test func `whose broker is not there does not stop the shutdown`() async throws {
        try await shutDown(group(gate("/nowhere")))
        #expect(chronicle.all == ["the worker shuts down"])
    }

    @Test func `asks at the shutdown what it is for, and may be for nothing`() async throws {
        let chronicle = chronicle
        let gate = ShutdownGate(controlSocket: "/nowhere", logger: quiet) {
            chronicle.enter("asked")
            return nil
        }
        try await shutDown(group(gate))
        #expect(chronicle.all == ["asked", "the worker shuts down"])
    }

    @Test func `is withdrawn when the group has waited long enough`() async throws {
        let broker = broker(chronicle) { nil }
        defer { broker.stop() }
        let group = group(gate(broker.path), maximum: .milliseconds(200))
        let running = Task { try await shutDown(group) }
        for await event in broker.heard {
            if case .request(_, .cancelUpdate, _) = event { break }
        }
        _ = await running.result
    }

    @Test func `does nothing when the group is cancelled`() async {
        let broker = broker(chronicle) { released }
        let group = group(gate(broker.path))
        let running = Task { try await group.run() }
        running.cancel()
        _ = await running.result
        broker.stop()
        for await event in broker.heard { Issue.record("it said \(event)") }
    }
}
