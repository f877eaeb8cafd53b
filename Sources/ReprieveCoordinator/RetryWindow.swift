// SPDX-License-Identifier: Apache-2.0

internal import ReprieveTransport

/// How long a lost broker is tried again. The time starts with the first failure, and counts while
/// the device is awake: a suspended broker does not return.
struct RetryWindow {
    private let limit: Duration
    private var backoff = Backoff()
    private var end: SuspendingClock.Instant?

    static let none = RetryWindow(.zero)

    init(_ limit: Duration) {
        self.limit = limit
    }

    var isNone: Bool { limit == .zero }

    /// Whether there was no failure yet.
    var isFresh: Bool { end == nil && limit > .zero }

    mutating func delay(after error: ConnectionError) -> Duration? {
        let delay = backoff.next()
        let end = self.end ?? .now + limit
        self.end = end
        return error.isTemporary && .now + delay < end ? delay : nil
    }
}
