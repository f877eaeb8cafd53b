// SPDX-License-Identifier: Apache-2.0

internal import ReprieveBroker
internal import ReprieveProtocol
internal import ReprieveTransport

/// The gate of an update that a `TestBroker` has announced.
public struct TestGate: Sendable {
    public enum State: Hashable, Sendable {
        /// By name, sorted.
        case waiting(for: [String])
        case released(Basis)
        /// Called off, or refused.
        case cancelled(because: String)
    }

    /// What a component has said to an update.
    public enum Answer: Hashable, Sendable {
        case acknowledged
        /// For how long from now, as granted.
        case deferred(for: Duration, because: String)
    }

    public let deploymentID: String
    private let request: GateRequest
    private let broker: InProcessBroker
    private let watch: GateWatch

    init(_ request: GateRequest, at broker: InProcessBroker) {
        deploymentID = request.deploymentID
        self.request = request
        self.broker = broker
        watch = GateWatch(request.deploymentID)
        broker.add(watch)
    }

    /// How things stand when nothing is left to do at this moment.
    public var state: State {
        get async {
            await broker.settle()
            return watch.latest.state
        }
    }

    /// The latest answer of a component. Waits until there is one; nil if the gate ends without
    /// it, or the test is cancelled, as by its time limit.
    public func answer(of component: String) async -> Answer? {
        await broker.settle()
        for await sight in watch.sights() {
            let answer = sight.answer(of: component)
            if answer != nil || sight.end != nil { return answer }
        }
        return nil
    }

    /// How the gate ended. Waits until it has, or the test is cancelled.
    public func end() async -> State {
        for await sight in watch.sights() where sight.end != nil { return sight.state }
        return watch.latest.state
    }

    /// Tells the components the outcome, which is `applied`, `failed` or `rolledBack`. Throws a
    /// `TestBrokerError` if it is another one, or if the update is not released.
    public func complete(_ outcome: Outcome, message: String? = nil) async throws {
        try await call(
            .completeUpdate,
            CompleteRequest(deploymentID: deploymentID, outcome: outcome, message: message)
        )
    }

    /// Calls the update off. Throws a `TestBrokerError` if it is released already.
    public func cancel(because reason: String) async throws {
        try await call(.cancelUpdate, ReasonedRequest(deploymentID: deploymentID, reason: reason))
    }

    /// Opens the gate over everyone's objections. Throws a `TestBrokerError` if it has ended.
    public func force(because reason: String) async throws {
        try await call(.forceUpdate, ReasonedRequest(deploymentID: deploymentID, reason: reason))
    }

    private var surroundings: InProcessSurroundings {
        InProcessSurroundings(broker: broker, door: .control)
    }

    private func call(_ operation: ReprieveProtocol.Operation, _ request: some Shape) async throws {
        do {
            _ = try await withConnection(to: "the test's broker", in: surroundings) {
                try await $0.call(operation, request)
            }
        } catch let error as ErrorShape {
            throw TestBrokerError(message: error.message)
        } catch let error as ConnectionError {
            throw TestBrokerError(message: error.message)
        }
        await broker.settle()
    }

    /// Watches the gate until it ends, and returns to it when the broker was restarted.
    func open() {
        Task(executorPreference: broker.bench) {
            while watch.latest.end == nil {
                do { try await attach() } catch let error as ErrorShape {
                    watch.see(.refused(error, deploymentID))
                } catch {
                    let next = broker.clock.now + .milliseconds(100)
                    try await broker.clock.sleep(until: next)
                }
            }
        }
    }

    private func attach() async throws {
        try await withConnection(to: "the test's broker", in: surroundings) { connection in
            var isFirst = true
            for try await payload in connection.stream(.gateUpdate, request) {
                if !isFirst { watch.see(try GateEvent(decoding: payload, limits: .fromBroker)) }
                isFirst = false
            }
        }
    }
}

/// What a test asked of its broker cannot be done.
public struct TestBrokerError: Error, Hashable, Sendable {
    public let message: String
}

extension GateEvent {
    /// The broker does not take the announcement.
    fileprivate static func refused(_ error: ErrorShape, _ id: String) -> GateEvent {
        .refused(WithdrawnShape(deploymentID: id, by: "the broker", reason: error.message))
    }
}
