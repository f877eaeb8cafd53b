// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// `deferring`: the scopes that no update may interrupt.
extension Participation {
    /// Nil begins the scope, an error refuses it.
    typealias Verdicts = AsyncStream<UpdatesError?>

    /// A scope that is open, or wants to begin.
    struct Scope {
        let verdict: Verdicts.Continuation
        let onLastCall: @Sendable (LastCall) async -> Void
    }

    /// Returns once every pending update waits for the scope.
    func open(
        _ why: String,
        _ ifUnderway: IfUnderway,
        _ ifWaiting: IfWaiting,
        _ onLastCall: @escaping @Sendable (LastCall) async -> Void
    ) async throws -> ScopeID {
        let (verdicts, verdict) = Verdicts.makeStream()
        let scope = ScopeID(number: nextNumber())
        handle(.scopeOpened(scope, why: why, ifUnderway, ifWaiting)) { state in
            state.scopes[scope] = Scope(verdict: verdict, onLastCall: onLastCall)
        }
        for await refusal in verdicts {
            if let refusal { throw refusal }
            return scope
        }
        close(scope)
        throw CancellationError()
    }

    func close(_ scope: ScopeID) {
        handle(.scopeClosed(scope)) { $0.scopes[scope] = nil }
    }
}
