// SPDX-License-Identifier: Apache-2.0

internal import ReprieveTransport
internal import Synchronization
internal import Systemd

/// Extends the service manager's time-out for a unit that starts or stops while this program waits
/// at a gate in it: step by step, and no longer than the gate's deadline.
final class StopTimeout: Sendable {
    /// How much longer each message asks for.
    private static let step = Duration.seconds(15)
    private static let interval = Duration.seconds(5)
    /// The time between the end of the wait and the end of this process.
    private static let margin = Duration.seconds(5)

    private let end: Mutex<ContinuousClock.Instant>

    /// `end` is when to stop extending if the gate's own deadline is not known by then.
    init(until end: ContinuousClock.Instant) {
        self.end = Mutex(end)
    }

    /// Sets the gate's deadline, once it is known.
    func setEnd(_ deadline: ContinuousClock.Instant) {
        end.withLock { $0 = deadline }
    }

    /// The extension to ask for at a moment; nil once the wait is over.
    func extensionTime(at now: ContinuousClock.Instant) -> Duration? {
        let left = end.withLock { $0 } - now
        return left > .zero ? min(Self.step, left + Self.margin) : nil
    }

    /// Asks for extensions while `body` runs.
    func extended<Result: Sendable>(while body: () async throws -> Result) async throws -> Result {
        guard environment("NOTIFY_SOCKET") != nil else { return try await body() }
        let asking = Task {
            while let time = extensionTime(at: .now) {
                Notify.extendTimeout(by: time)
                try await Task.sleep(for: Self.interval)
            }
        }
        defer { asking.cancel() }
        return try await body()
    }
}
