// SPDX-License-Identifier: Apache-2.0

internal import ReprieveTransport
internal import Synchronization
internal import Systemd

/// Keeps the service manager from losing patience with a unit that starts or stops, while this
/// waits at a gate in it: step by step, and no longer than the gate does.
final class StopTimeout: Sendable {
    /// How much longer each message asks for.
    private static let step = Duration.seconds(15)
    private static let interval = Duration.seconds(5)
    /// Between the end of a wait and the end of this process.
    private static let margin = Duration.seconds(5)

    private let end: Mutex<ContinuousClock.Instant>

    /// `end` is when to give up if the gate's own deadline is not known by then.
    init(until end: ContinuousClock.Instant) {
        self.end = Mutex(end)
    }

    /// The gate's deadline is known.
    func waits(until deadline: ContinuousClock.Instant) {
        end.withLock { $0 = deadline }
    }

    /// How much time to ask for at a moment; nil once there is nothing more to wait for.
    func timeToAskFor(at now: ContinuousClock.Instant) -> Duration? {
        let left = end.withLock { $0 } - now
        return left > .zero ? min(Self.step, left + Self.margin) : nil
    }

    /// Asks again and again while `body` runs.
    func extended<Result: Sendable>(while body: () async throws -> Result) async throws -> Result {
        guard environment("NOTIFY_SOCKET") != nil else { return try await body() }
        let asking = Task {
            while let time = timeToAskFor(at: .now) {
                Notify.extendTimeout(by: time)
                try await Task.sleep(for: Self.interval)
            }
        }
        defer { asking.cancel() }
        return try await body()
    }
}
