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
private final class EventLog: Sendable {
    private let events = Mutex<[String]>([])

    func append(_ event: String) { events.withLock { $0.append(event) } }

    var all: [String] { events.withLock { $0 } }
}

/// A service that runs until the group shuts down.
private struct Worker: Service {
    let log: EventLog
    let started = AsyncStream<Void>.makeStream()

    func run() async throws {
        started.continuation.finish()
        try await gracefulShutdown()
        log.append("the worker shuts down")
    }
}

/// A broker that ends each gate with `end`; nil lets it wait.
private func broker(
    _ log: EventLog,
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
            log.append("the gate ends")
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

@Suite("A gate at the shutdown of a service group", .timeLimit(.minutes(5)))
struct ShutdownGateTests {
    private let log: EventLog
    private let worker: Worker

    init() {
        log = EventLog()
        worker = Worker(log: log)
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

    @Test func `delays the other services until it opens`() async throws {
        let broker = broker(log) { released }
        defer { broker.stop() }
        try await shutDown(group(gate(broker.path)))
        #expect(log.all == ["the gate ends", "the worker shuts down"])
    }

    @Test func `leaves the update to be completed at the next start`() async throws {
        let broker = broker(log) { released }
        try await shutDown(group(gate(broker.path)))
        broker.stop()
        for await event in broker.heard {
            if case .request(_, .completeUpdate, _) = event { Issue.record("it was completed") }
        }
    }

    @Test func `does not stop the shutdown when it is refused`() async throws {
        let refusal = WithdrawnShape(deploymentID: "d", by: "a", reason: "no answer from a")
        let broker = broker(log) { .refused(refusal) }
        defer { broker.stop() }
        try await shutDown(group(gate(broker.path)))
        #expect(log.all == ["the gate ends", "the worker shuts down"])
    }

    @Test func `does not stop the shutdown without a broker`() async throws {
        try await shutDown(group(gate("/nowhere")))
        #expect(log.all == ["the worker shuts down"])
    }

    @Test func `learns at the shutdown which update it is for, and there may be none`() async throws
    {
        let log = log
        let gate = ShutdownGate(controlSocket: "/nowhere", logger: quiet) {
            log.append("asked")
            return nil
        }
        try await shutDown(group(gate))
        #expect(log.all == ["asked", "the worker shuts down"])
    }

    @Test func `is withdrawn when the group has waited long enough`() async throws {
        let broker = broker(log) { nil }
        defer { broker.stop() }
        let group = group(gate(broker.path), maximum: .milliseconds(200))
        let running = Task { try await shutDown(group) }
        for await event in broker.heard {
            if case .request(_, .cancelUpdate, _) = event { break }
        }
        _ = await running.result
    }

    @Test func `does nothing when the group is cancelled`() async {
        let broker = broker(log) { released }
        let group = group(gate(broker.path))
        let running = Task { try await group.run() }
        running.cancel()
        _ = await running.result
        broker.stop()
        for await event in broker.heard { Issue.record("it said \(event)") }
    }
}
