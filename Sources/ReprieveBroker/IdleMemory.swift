// SPDX-License-Identifier: Apache-2.0

internal import Negotiation

/// When memory goes back to the system that gates took, or connections. Not at once, as the next
/// gate would have to fetch it again, and not while a gate is shut, when nothing is to wake the
/// daemon up, unless much less is kept than before.
struct IdleMemory: Sendable {
    /// About what a connection takes, in bytes.
    static let ofPeer = 512
    private static let pause = Duration.seconds(1)
    /// Bytes that are worth a wake-up.
    private static let worth = 1_024 * 1_024

    private var wasWaiting = false
    /// The most bytes that were kept since memory went back.
    private var mostKept = 0
    private var kept = 0
    private(set) var deadline: Instant?

    mutating func note(isWaiting: Bool, kept: Int, at now: Instant) {
        self.kept = kept
        mostKept = max(mostKept, kept)
        let hasShrunk = mostKept - kept >= Self.worth
        if isWaiting != wasWaiting {
            deadline = wasWaiting ? now + Self.pause : nil
            wasWaiting = isWaiting
        }
        if hasShrunk, deadline == nil { deadline = now + Self.pause }
    }

    mutating func isDue(at now: Instant) -> Bool {
        guard let deadline, deadline <= now else { return false }
        self.deadline = nil
        mostKept = kept
        return true
    }
}
