// SPDX-License-Identifier: Apache-2.0

internal import ReprieveBroker
internal import ReprieveProtocol
internal import ReprieveTransport

/// The gate of an update that a `TestBroker` has announced.
public struct TestGate: Sendable {
    @nonexhaustive
    public enum State: Hashable, Sendable {
        /// The components that block the gate, sorted by name.
        case waiting(for: [String])
        case released(Basis)
        /// Cancelled or refused, with the reason.
        case cancelled(because: String)
    }

    /// A component's answer to an update.
    @nonexhaustive
    public enum Answer: Hashable, Sendable {
        case acknowledged
        /// The time left of the deferral that the broker granted, and the component's reason.
        case deferred(for: Duration, because: String)
    }

    public let deploymentID: String
    private let request: GateRequest
    private let broker: InProcessBroker
    private let observer: GateObserver

    init(_ request: GateRequest, at broker: InProcessBroker) {
        deploymentID = request.deploymentID
        self.request = request
        self.broker = broker
        observer = GateObserver(request.deploymentID)
        broker.add(observer)
    }

    /// The state of the gate once all has been done that is due now.
    public var state: State {
        get async {
            await broker.settle()
            return observer.latest.state
        }
    }

    /// The latest answer of a component. Waits until there is one; nil if the gate ends without
    /// one, or if the test's task is cancelled, as by its time limit.
    public func answer(of component: String) async -> Answer? {
        await broker.settle()
        for await snapshot in observer.snapshots() {
            let answer = snapshot.answer(of: component)
            if answer != nil || snapshot.end != nil { return answer }
        }
        return nil
    }

    /// How the gate ended. Waits until it has, or until the test's task is cancelled.
    public func end() async -> State {
        for await snapshot in observer.snapshots() where snapshot.end != nil {
            return snapshot.state
        }
        return observer.latest.state
    }

    /// Tells the components the outcome, which is `applied`, `failed` or `rolledBack`. Throws a
    /// `TestBrokerError` if it is another one, or if the update is not released.
    public func complete(_ outcome: Outcome, message: String? = nil) async throws {
        try await call(
            .completeUpdate,
            CompleteRequest(deploymentID: deploymentID, outcome: outcome, message: message)
        )
    }

    /// Cancels the update. Throws a `TestBrokerError` if it is released already.
    public func cancel(because reason: String) async throws {
        try await call(.cancelUpdate, ReasonedRequest(deploymentID: deploymentID, reason: reason))
    }

    /// Opens the gate, whatever the components answer. Throws a `TestBrokerError` if it has ended.
    public func force(because reason: String) async throws {
        try await call(.forceUpdate, ReasonedRequest(deploymentID: deploymentID, reason: reason))
    }
}

// MARK: - The connection

extension TestGate {
    private var environment: InProcessEnvironment {
        InProcessEnvironment(broker: broker, endpoint: .control)
    }

    private func call(_ operation: ReprieveProtocol.Operation, _ request: some Shape) async throws {
        do {
            _ = try await withConnection(to: "the test's broker", in: environment) {
                try await $0.call(operation, request)
            }
        } catch let error as ErrorShape {
            throw TestBrokerError(code: .refused, message: error.message, cause: error)
        } catch let error as ConnectionError {
            throw TestBrokerError(code: .notConnected, message: error.message, cause: error)
        }
        await broker.settle()
    }

    /// Watches the gate until it ends, also across restarts of the broker.
    func open() {
        Task(executorPreference: broker.executor) {
            while observer.latest.end == nil {
                do { try await attach() } catch let error as ErrorShape {
                    observer.see(.refused(error, deploymentID))
                } catch {
                    let next = broker.clock.now + .milliseconds(100)
                    try await broker.clock.sleep(until: next)
                }
            }
        }
    }

    private func attach() async throws {
        try await withConnection(to: "the test's broker", in: environment) { connection in
            let (_, events) = try await connection.subscribe(.gateUpdate, request)
            for try await event in events {
                observer.see(try GateEvent(decoding: event, limits: .fromBroker))
            }
        }
    }
}

extension GateEvent {
    /// The broker has refused the announcement.
    fileprivate static func refused(_ error: ErrorShape, _ id: String) -> GateEvent {
        .refused(WithdrawnShape(deploymentID: id, by: "the broker", reason: error.message))
    }
}
