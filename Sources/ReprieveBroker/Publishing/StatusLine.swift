// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// The one line in which the broker says how it is, for `systemctl status`: who is waited for, and
/// how much longer.
///
/// It is said when it changes, but not more often than once a second; and while it names a time
/// that is left, again after each tenth of that. Nobody is woken for it where no gate waits.
struct StatusLine: Sendable {
    private static let pace = Duration.seconds(1)
    private static let shortestAge = Duration.seconds(5)

    private var said = ""
    private var isStale = true
    /// Nil before the first.
    private var notBefore: Instant?
    /// When the time in it has become another.
    private var agesAt: Instant?

    mutating func changed() { isStale = true }

    /// When it is to be said again; nil while it stays true.
    var nextDeadline: Instant? { isStale ? notBefore : agesAt }

    /// Whether it is time to look how the broker is.
    func isDue(at now: Instant) -> Bool {
        guard notBefore != nil else { return isStale }
        return nextDeadline.map { $0 <= now } ?? false
    }

    /// What is to be said now; nil if that was said before.
    mutating func take(_ standing: Standing, at now: Instant) -> String? {
        isStale = false
        agesAt = standing.left.map { now + max(Self.shortestAge, $0 / 10) }
        guard standing.text != said else { return nil }
        said = standing.text
        notBefore = now + Self.pace
        return said
    }
}

/// How the broker is.
struct Standing: Hashable, Sendable {
    var text: String
    /// The time that the text says is left.
    var left: Duration?
}

extension Broker {
    mutating func publishStatusLine(at now: Instant) {
        guard statusLine.isDue(at: now) else { return }
        effects.statusLine = statusLine.take(standing(at: now), at: now)
    }

    private func standing(at now: Instant) -> Standing {
        let waiting = negotiation.updates.entries.filter(\.isWaiting)
        guard !waiting.isEmpty else { return Standing(text: released) }
        let wait = waiting.count == 1 ? "waiting for " : "\(waiting.count) updates wait for "
        var blockers: Set<ComponentName> = []
        var last: (name: ComponentName, participant: Participant)?
        for (name, participant) in waiting.lazy.flatMap(\.blockers) {
            blockers.insert(name)
            guard last.map({ isLast($0, (name, participant)) }) ?? true else { continue }
            last = (name, participant)
        }
        guard let last else { return Standing(text: wait + "a coordinator to return") }
        let more = blockers.count > 1 ? " and \(blockers.count - 1) more" : ""
        let left = last.participant.until.map { max(.zero, $0 - now) }
        let time = left.map { ", \(duration($0.wholeMilliseconds)) left" } ?? ""
        return Standing(text: wait + last.name + more + time, left: left)
    }

    private var released: String {
        let ids = negotiation.updates.names
        guard let first = ids.first else { return "no update is waiting" }
        return ids.count == 1
            ? "update \(quoted(first)) is released and not yet completed"
            : "\(ids.count) updates are released and not yet completed"
    }
}

extension Update {
    fileprivate var blockers: some Sequence<(ComponentName, Participant)> {
        zip(participants.names, participants.entries).lazy.filter { $0.1.blocks }
    }
}

/// Whether the second blocks longer, as far as one knows: who defers, before who has yet to answer.
private func isLast(
    _ one: (name: ComponentName, participant: Participant),
    _ other: (name: ComponentName, participant: Participant)
) -> Bool {
    func rank(_ participant: Participant) -> (Int, Duration) {
        (participant.state == .deferred ? 1 : 0, participant.until?.sinceBoot ?? .zero)
    }
    let (first, second) = (rank(one.participant), rank(other.participant))
    return first == second ? other.name < one.name : first < second
}
