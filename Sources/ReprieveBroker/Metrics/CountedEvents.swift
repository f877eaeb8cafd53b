// SPDX-License-Identifier: Apache-2.0

/// Events of connections that are counted. All of them pass through the log, which leaves most of
/// them out when there are many.
enum CountedEvent: String, Hashable, Sendable {
    case accepted
    /// It has no name: `Protocol/security.md`, "Names".
    case denied
    /// Its account has used up what it may.
    case limit
    case memory
    case violation
    case doesNotRead = "does-not-read"
    case noHandshake = "no-handshake"
    case partialFrame = "partial-frame"
    case revoked
    case request

    init?(_ entry: LogEntry) {
        switch entry {
        case .connected: self = .accepted
        case .denied: self = .denied
        case .refused: self = .limit
        case .keepsTooMuch: self = .memory
        case .violation: self = .violation
        case .doesNotRead: self = .doesNotRead
        case .noHandshake: self = .noHandshake
        case .partialFrame: self = .partialFrame
        case .revoked: self = .revoked
        case .failed: self = .request
        default: return nil
        }
    }
}

/// How often each has happened since it was taken last.
struct CountedEvents: Sendable {
    private(set) var counts: [CountedEvent: Int64] = [:]

    mutating func note(_ entry: LogEntry) {
        if let event = CountedEvent(entry) { counts[event, default: 0] += 1 }
    }
}
