// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import ReprieveTransport
internal import Synchronization

/// A component that defers every update while a command runs.
///
/// Each answer is sent under the lock under which it was decided, so that no answer overtakes an
/// earlier one.
final class UpdateInhibitor: Sendable {
    /// What to do if an update is under way when the command should begin.
    enum IfUnderway: String, CaseIterable {
        case refuse
        case wait
        case proceed
    }

    /// What to do if an update waits when the command should begin.
    enum IfWaiting: String, CaseIterable {
        case start
        case wait
        case refuse
    }

    /// What to do if the broker does not allow this component to defer updates.
    enum IfDenied: String, CaseIterable {
        case refuse
        case run
    }

    let why: String
    let leaseMs: Int64
    let ifUnderway: IfUnderway
    let ifWaiting: IfWaiting
    private let ifDenied: IfDenied
    let state = Mutex(State())
    let ownUpdates: OwnUpdates

    struct State {
        var connection: Connection?
        /// The newest notice of each update that waits.
        var notices: [String: PreUpdateEvent] = [:]
        /// Updates whose gate has opened, or which cannot be deferred any longer.
        var underway: Set<String> = []
        var hasBegun = false
        /// Whether notices of updates that wait may be on their way, and the command must know.
        var awaitsNotices = false
        /// Until when the broker may learn that the command has ended; nil before the end.
        fileprivate var farewellEnd: ContinuousClock.Instant?
        /// The tasks that renew the running deferrals.
        fileprivate var renewals: [String: Task<Void, Never>] = [:]
    }

    typealias SentAnswer = (connection: Connection, replies: Replies)

    /// A signal at each event that may allow the command to begin.
    typealias Changes = AsyncThrowingStream<Void, any Error>

    /// How long the broker may take, all in all, to learn that the command has ended. What it has
    /// not learnt by then it learns from the end of the connection, a few seconds later.
    private static let farewellTimeout = Duration.seconds(1)

    init(
        why: String,
        leaseMs: Int64,
        ifUnderway: IfUnderway,
        ifWaiting: IfWaiting,
        ifDenied: IfDenied
    ) {
        self.why = why
        self.leaseMs = leaseMs
        self.ifUnderway = ifUnderway
        self.ifWaiting = ifWaiting
        self.ifDenied = ifDenied
        ownUpdates = OwnUpdates()
    }

    /// Throws a `Failure` if the command did not run.
    func run(
        _ executable: Executable,
        with subscription: ComponentSubscription
    ) async throws -> ChildProcess.Termination {
        ownUpdates.onAnnouncement { [weak self] id in self?.acknowledge(id) }
        let (changes, continuation) = Changes.makeStream(bufferingPolicy: .bufferingNewest(1))
        let inhibiting = Task {
            do {
                try await subscription.runOrFail(
                    farewell: acknowledgeAll,
                    catchesUp: catchesUp
                ) { event in
                    // Only the response to the subscription says which updates are under way.
                    if case .connected = event { return }
                    await handle(event)
                    continuation.yield()
                }
            } catch { continuation.finish(throwing: error) }
        }
        let child: ChildProcess
        do {
            try await begin(after: changes)
            child = try await .start(executable, environment: ownUpdates.variables)
        } catch {
            await end(inhibiting)
            throw error
        }
        await Signals.handled {
            child.forward($0)
        } while: {
            await child.waitForEnd()
        }
        await end(inhibiting)
        return child.reap()
    }

    private func catchesUp() -> Bool { ifWaiting != .start }

    private func end(_ inhibiting: Task<Void, Never>) async {
        // A notice may be on its way: if it stayed unanswered, the broker would wait for an answer.
        let end = ContinuousClock.now + Self.farewellTimeout
        let connection = state.withLock { state in
            state.farewellEnd = end
            return state.connection
        }
        await withTimeout(until: end) { try? await connection?.roundTrip() }
        inhibiting.cancel()
        await inhibiting.value
    }

    private func begin(after changes: Changes) async throws {
        let interruption = Mutex<Signal?>(nil)
        let waiting = Task { try await waitToBegin(changes) }
        do {
            try await Signals.handled { signal in
                interruption.withLock { $0 = $0 ?? signal }
                waiting.cancel()
            } while: {
                try await waiting.value
            }
        } catch is CancellationError {}
        if let signal = interruption.withLock({ $0 }) {
            throw Failure(signal, "interrupted by \(signal.name); COMMAND did not run")
        }
    }

    private func waitToBegin(_ changes: Changes) async throws {
        do { try await waitForPermission(changes) } catch let failure as Failure {
            let isDenied = failure.exitCode == ExitStatus.notPermitted.rawValue
            guard isDenied, ifDenied == .run else { throw failure.adding("COMMAND did not run") }
            failure.adding("COMMAND runs, and no update is deferred").print()
            state.withLock { $0.hasBegun = true }
        }
    }

    /// The command has ended. Runs after the end of the subscription, so that no final notice
    /// follows.
    private func acknowledgeAll() async {
        let (answers, end) = state.withLock { state in
            defer { state.forgetNotices() }
            return (state.notices.values.map { send(0, to: $0, state) }, state.farewellEnd)
        }
        await withTimeout(until: end ?? .now) {
            for case (_, let replies)? in answers {
                do { for try await _ in replies { break } } catch {}
            }
        }
    }
}

extension UpdateInhibitor.State {
    func hasRoom(for id: String) -> Bool {
        notices[id] != nil || notices.count < Limits.updatesOfComponent
    }

    mutating func setRenewal(_ renewal: Task<Void, Never>, of id: String) {
        renewals.updateValue(renewal, forKey: id)?.cancel()
    }

    mutating func forgetNotice(of id: String) {
        notices[id] = nil
        renewals.removeValue(forKey: id)?.cancel()
    }

    mutating func forgetNotices() {
        for renewal in renewals.values { renewal.cancel() }
        (notices, renewals) = ([:], [:])
    }
}

/// Runs `work`, and cancels it at `end`.
private func withTimeout(
    until end: ContinuousClock.Instant,
    _ work: @escaping @Sendable () async -> Void
) async {
    let working = Task { await work() }
    let watching = Task {
        try await Task.sleep(until: end)
        working.cancel()
    }
    await working.value
    watching.cancel()
}
