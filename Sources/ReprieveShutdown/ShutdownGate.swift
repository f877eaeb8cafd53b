// SPDX-License-Identifier: Apache-2.0

public import Logging
public import ReprieveCoordinator
public import ServiceLifecycle

/// Delays the graceful shutdown of a `ServiceGroup` until the components that it would interrupt
/// are ready.
///
/// A group shuts its services down in reverse order, one after the other. Place the gate last: it
/// is then the first service to shut down, and the others run undisturbed until it opens.
///
/// ```swift
/// let group = ServiceGroup(
///     services: [nucleus, ShutdownGate(for: Update("d-42", disruption: .nucleus))],
///     gracefulShutdownSignals: [.sigterm],
///     logger: logger
/// )
/// ```
///
/// The update stays released until it is completed: call `complete(_:_:)` at the next start, or an
/// update of the same id finds its gate open already.
///
/// The shutdown goes ahead in any case. A refused or cancelled gate, or a broker that is not
/// reachable, is logged as a warning. The wait also ends when the group's
/// `maximumGracefulShutdownDuration` is over, and when the service manager's stop time-out is: give
/// both more time than the policy's deadline. In the first case the update is withdrawn at once; in
/// the second, when the broker notices that its coordinator is gone.
public struct ShutdownGate: Service {
    private let update: @Sendable () async -> Update?
    private let policy: GatePolicy
    private let controlSocket: String?
    private let logger: Logger
    private let progress: @Sendable (GateProgress) async -> Void

    /// Gates the shutdown as one update.
    ///
    /// - Parameters:
    ///   - controlSocket: the broker's control socket; by default where `reprieved` has it.
    ///   - progress: is called with the components that block the shutdown, soon after the
    ///     request and at each change.
    public init(
        for update: Update,
        policy: GatePolicy = GatePolicy(),
        controlSocket: String? = nil,
        logger: Logger = Logger(label: "reprieve"),
        progress: @escaping @Sendable (GateProgress) async -> Void = { _ in }
    ) {
        self.init(
            policy: policy,
            controlSocket: controlSocket,
            logger: logger,
            progress: progress,
            for: { update }
        )
    }

    /// Calls `update` at the shutdown, to know which update it is for. If that returns nil, no
    /// component is told of the shutdown.
    public init(
        policy: GatePolicy = GatePolicy(),
        controlSocket: String? = nil,
        logger: Logger = Logger(label: "reprieve"),
        progress: @escaping @Sendable (GateProgress) async -> Void = { _ in },
        for update: @escaping @Sendable () async -> Update?
    ) {
        self.update = update
        self.policy = policy
        self.controlSocket = controlSocket
        self.logger = logger
        self.progress = progress
    }

    /// Returns when the group may continue its shutdown.
    public func run() async throws {
        try await gracefulShutdown()
        guard var update = await update() else { return }
        // This process has ended by then.
        update.completesLater = true
        do {
            let (id, socket, progress) = (update.id, controlSocket, progress)
            try await withGate(
                for: update,
                policy: policy,
                controlSocket: socket,
                progress: progress
            ) { release in
                let basis = release.basis.rawValue
                logger.info("the gate of \(id) is open (\(basis)): shutting down")
                return .completesLater
            }
        } catch let error as GateError {
            logger.warning("shutting down without the gate of \(update.id): \(error.message)")
        }
    }
}
