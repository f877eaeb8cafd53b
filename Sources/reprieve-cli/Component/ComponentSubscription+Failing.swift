// SPDX-License-Identifier: Apache-2.0

internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTransport

extension ComponentSubscription {
    /// The same as `run`, but ends with a `Failure` if no subscription was made yet and the reason
    /// is permanent.
    func runOrFail(
        farewell: @escaping @Sendable () async -> Void = {},
        catchesUp: () -> Bool = { false },
        _ handle: (Event) async throws -> Void
    ) async throws {
        var wasSubscribed = false
        try await run(farewell: farewell, catchesUp: catchesUp) { event in
            switch event {
            case .subscribed: wasSubscribed = true
            case .lost(let error, _) where !wasSubscribed && !error.isTemporary:
                throw Failure(error)
            default: break
            }
            try await handle(event)
        }
    }
}

extension Failure {
    init(_ error: SubscriptionError) {
        switch error {
        case .connection(let error) where error.code == .denied:
            self.init(.notPermitted, error.message + " (--component)")
        case .connection(let error): self.init(error, option: "--component-socket")
        case .refused(let shape, _):
            self.init(ExitStatus(GateError(shape).code), error.description)
        case .malformed, .ended: self.init(.unreachable, error.description)
        }
    }
}

extension Connection {
    /// Hangs up on a broker that wants this component in more updates than it keeps.
    func failFromTooManyUpdates() {
        let reason = "more than \(Limits.updatesOfComponent) updates at a time"
        // In a task of its own: the caller may hold a lock.
        Task { fail(ConnectionError(.broken, path, because: reason)) }
    }
}
