// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// The line in `systemctl status`: which component an update waits for, and how much longer.
///
/// It is published when it changes, but at most once a second; while it names a time that is left,
/// again after each tenth of that. It causes no wake-up while no gate waits.
struct StatusLine: Sendable {
    private static let pace = Duration.seconds(1)
    private static let shortestAge = Duration.seconds(5)

    private var said = ""
    private var isStale = true
    /// Nil before the first line.
    private var notBefore: Instant?
    /// When the time left in the line is out of date.
    private var ageDeadline: Instant?

    mutating func changed() { isStale = true }

    /// When the line has to be published again; nil while it stays true.
    var nextDeadline: Instant? { isStale ? notBefore : ageDeadline }

    /// Whether the line may have changed and may be published.
    func isDue(at now: Instant) -> Bool {
        guard notBefore != nil else { return isStale }
        return nextDeadline.map { $0 <= now } ?? false
    }

    /// The text to publish now; nil if it was published before.
    mutating func take(_ content: Content, at now: Instant) -> String? {
        isStale = false
        ageDeadline = content.left.map { now + max(Self.shortestAge, $0 / 10) }
        guard content.text != said else { return nil }
        said = content.text
        notBefore = now + Self.pace
        return said
    }
}

extension StatusLine {
    struct Content: Hashable, Sendable {
        var text: String
        /// The time left that the text names.
        var left: Duration?
    }
}

extension Broker {
    mutating func publishStatusLine(at now: Instant) {
        guard statusLine.isDue(at: now) else { return }
        effects.statusLine = statusLine.take(statusLineContent(at: now), at: now)
    }

    private func statusLineContent(at now: Instant) -> StatusLine.Content {
        let waiting = negotiation.updates.entries.filter(\.isWaiting)
        guard !waiting.isEmpty else { return StatusLine.Content(text: released) }
        let wait = waiting.count == 1 ? "waiting for " : "\(waiting.count) updates wait for "
        var blockers: Set<ComponentName> = []
        var last: Blocker?
        for blocker in waiting.lazy.flatMap(\.blockers) {
            blockers.insert(blocker.name)
            if last.map({ $0.isShorter(than: blocker) }) ?? true { last = blocker }
        }
        guard let last else {
            let updates = waiting.flatMap(\.updatesWaitedFor)
            let text = updates.first.map { "update " + quoted($0) } ?? "a coordinator to return"
            return StatusLine.Content(text: wait + text)
        }
        let more = blockers.count > 1 ? " and \(blockers.count - 1) more" : ""
        let left = last.end.map { max(.zero, $0 - now) }
        let time = left.map { ", \(duration($0.wholeMilliseconds)) left" } ?? ""
        return StatusLine.Content(text: wait + last.name + more + time, left: left)
    }

    private var released: String {
        let ids = negotiation.updates.names
        guard let first = ids.first else { return "no update is waiting" }
        return ids.count == 1
            ? "update \(quoted(first)) is released and not yet completed"
            : "\(ids.count) updates are released and not yet completed"
    }
}

private struct Blocker {
    var name: ComponentName
    var isDeferring: Bool
    /// When it stops blocking as it does now.
    var end: Instant?

    /// Whether the other one blocks longer, as far as is known: one that defers longer than one
    /// that has yet to answer.
    func isShorter(than other: Blocker) -> Bool {
        let (one, two) = (rank, other.rank)
        return one == two ? other.name < name : one < two
    }

    private var rank: (Int, Duration) { (isDeferring ? 1 : 0, end?.sinceBoot ?? .zero) }
}

extension Update {
    fileprivate var blockers: some Sequence<Blocker> {
        zip(participants.names, participants.entries).lazy.filter { $0.1.blocks }.map {
            Blocker(
                name: $0,
                isDeferring: $1.state == .deferred,
                end: $1.stateEnd(before: deadline)
            )
        }
    }
}
