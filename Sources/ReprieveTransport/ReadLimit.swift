// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// How long a connection waits for bytes: for the handshake, then for the rest of each frame that
/// has begun and for the replies that are due, while the device is awake. Else it waits without
/// limit.
struct ReadLimit {
    let handshakeDeadline: SuspendingClock.Instant
    private let handshakeTimeout: Duration
    private var frameDeadline: SuspendingClock.Instant?
    private var frames = 0
    private var isConnecting = true
    /// The latest deadline that has passed.
    private var passed: SuspendingClock.Instant?

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
        if isConnecting { return handshakeDeadline }
        return [frameDeadline, connection.replyDeadline].compactMap { $0 }.min()
    }

    /// What did not come in time; nil if there is time left. What has arrived is read once more
    /// after a deadline, since this process may have been stopped meanwhile.
    mutating func excess(
        of connection: Connection,
        hasEvents: Bool,
        _ deadline: SuspendingClock.Instant?
    ) -> String? {
        let now = SuspendingClock.now
        guard let deadline, deadline <= now else { return nil }
        defer { passed = deadline }
        guard !hasEvents || passed == deadline else { return nil }
        if isConnecting { return "no answer to CONNECT within \(duration(handshakeTimeout))" }
        if let frameDeadline, frameDeadline <= now {
            return "half a frame, and no more within \(duration(Limits.frameTimeout))"
        }
        return connection.giveUpReplies(dueBy: now)
    }
}
