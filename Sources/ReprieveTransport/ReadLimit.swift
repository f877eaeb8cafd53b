// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// How long a connection waits for bytes: for the handshake, then for the rest of each frame that
/// has begun, while the device is awake. Between frames it waits without limit.
struct ReadLimit {
    let handshakeDeadline: SuspendingClock.Instant
    private let handshakeTimeout: Duration
    private var frameDeadline: SuspendingClock.Instant?
    private var frames = 0
    private var isConnecting = true
    private var wasLate = false

    init(_ deadline: SuspendingClock.Instant, _ timeout: Duration) {
        (handshakeDeadline, handshakeTimeout) = (deadline, timeout)
    }

    mutating func deadline(for connection: Connection) -> SuspendingClock.Instant? {
        isConnecting = connection.isConnecting
        let (frames, isPartial) = connection.arrival
        if !isPartial {
            frameDeadline = nil
        } else if frameDeadline == nil || frames != self.frames {
            frameDeadline = .now + Limits.frameTimeout
        }
        self.frames = frames
        return isConnecting ? handshakeDeadline : frameDeadline
    }

    /// What did not come in time; nil if there is time left. What has arrived is read once more
    /// after the deadline, since this process may have been stopped meanwhile.
    mutating func excess(
        hasEvents: Bool,
        _ deadline: SuspendingClock.Instant?
    ) -> String? {
        let isLate = deadline.map { $0 <= .now } ?? false
        defer { wasLate = isLate }
        guard isLate, wasLate || !hasEvents else { return nil }
        return isConnecting
            ? "no answer to CONNECT within \(duration(handshakeTimeout))"
            : "half a frame, and no more within \(duration(Limits.frameTimeout))"
    }
}
