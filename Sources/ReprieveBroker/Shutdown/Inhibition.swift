// SPDX-License-Identifier: Apache-2.0

package import Negotiation
internal import ReprieveProtocol

/// The inhibitors that are wanted. The host is told after each step, also if nothing has changed.
package struct Inhibition: Hashable, Sendable {
    /// A delay inhibitor: a shutdown waits for its gate.
    package var delay: Lock?
    /// A block inhibitor: logind refuses shutdowns.
    package var block: Lock?
    /// The host watches for shutdowns.
    package var listens = false

    package init() {}

    package var delays: Bool { delay != nil }

    /// For people, as `systemd-inhibit --list` shows it. Its texts are made when they are read, as
    /// few are. Indirect: it is passed on after each step.
    package indirect enum Lock: Hashable, Sendable {
        case askingComponents
        case applying(DeploymentID, others: Int, reason: String?)
        case holding(DeploymentID, ComponentName, others: Int, message: String?)
    }
}

extension Inhibition.Lock {
    package var who: String {
        switch self {
        case .askingComponents, .applying: "Reprieve"
        case .holding(_, let component, let others, _): component + andMore(others)
        }
    }

    package var why: String {
        switch self {
        case .askingComponents: "components are asked before the machine goes down"
        case .applying(let id, let others, let reason):
            "update \(quoted(id))\(andMore(others)) is being applied" + because(of: reason)
        case .holding(let id, _, _, let message):
            "holds back update \(quoted(id))" + because(of: message)
        }
    }

    private func andMore(_ others: Int) -> String { others > 0 ? " and \(others) more" : "" }

    private func because(of text: String?) -> String { text.map { ": " + printable($0) } ?? "" }
}

extension Inhibition {
    var shapes: [InhibitorShape] {
        [("delay", delay), ("block", block)].compactMap { mode, lock in
            lock.map { InhibitorShape(mode: mode, why: $0.why) }
        }
    }
}

/// What the host was told last. It is told at once that a lock is wanted, for what, and no longer;
/// but which components it is for, and what they say, at most once a second: they say what they
/// like, and logind works for the whole machine.
struct InhibitionPace: Sendable {
    private static let pace = Duration.seconds(1)

    private(set) var latest = Inhibition()
    /// When the text of components may be told.
    private var notBefore: Instant?
    /// When it has to be; nil if none waits.
    private(set) var nextDeadline: Instant?

    /// Returns what the host is to be told.
    mutating func take(_ inhibition: Inhibition, at now: Instant) -> Inhibition {
        nextDeadline = nil
        guard inhibition != latest else { return latest }
        if let notBefore, now < notBefore, inhibition.isOtherText(of: latest) {
            nextDeadline = notBefore
        } else {
            notBefore = now + Self.pace
            latest = inhibition
        }
        return latest
    }
}

extension Inhibition {
    fileprivate func isOtherText(of other: Inhibition) -> Bool {
        guard case .holding(let update, _, _, _)? = block,
            case .holding(let otherUpdate, _, _, _)? = other.block
        else { return false }
        return update == otherUpdate && delay == other.delay && listens == other.listens
    }
}

/// What the updates and their components want, looked up again only after a change.
struct UpdatesInhibition: Sendable {
    /// True at first: a broker may start with updates from its files.
    var isStale = true
    /// For the updates that are under way.
    var underway: Inhibition.Lock?
    var block: Inhibition.Lock?
}

extension Broker {
    var inhibition: Inhibition {
        mutating get {
            var inhibition = Inhibition()
            guard settings.delaysShutdown || settings.blocksShutdown else { return inhibition }
            // Logind grants no new lock in a shutdown: the text of the old one stays.
            if updatesInhibition.isStale, !shutdown.isUnderWay { findUpdatesInhibition() }
            let delay = updatesInhibition.underway ?? .askingComponents
            if shutdown.isUnderWay {
                inhibition.listens = true
                if settings.delaysShutdown, shutdownWaits { inhibition.delay = delay }
                // Once the machine goes down, there is nothing left to refuse.
                return inhibition
            }
            inhibition.listens = negotiation.hasSubscribers || updatesInhibition.underway != nil
            if settings.delaysShutdown, inhibition.listens { inhibition.delay = delay }
            if settings.blocksShutdown { inhibition.block = updatesInhibition.block }
            return inhibition
        }
    }

    private var shutdownWaits: Bool {
        shutdown.deploymentID.flatMap { negotiation.updates[$0] }?.isWaiting ?? false
    }

    private mutating func findUpdatesInhibition() {
        let underway = updatesUnderway
        updatesInhibition = UpdatesInhibition(
            isStale: false,
            underway: applying(underway),
            block: settings.blocksShutdown ? blocking(underway) : nil
        )
    }

    private func blocking(_ underway: [Int]) -> Inhibition.Lock? {
        let updates = negotiation.updates.entries
        // An update that takes the machine down must not refuse that.
        return applying(underway.filter { !updates[$0].request.disruption.stopsMachine }) ?? holding
    }

    /// The places of the updates that a shutdown must not cut off, in the order of their
    /// announcement.
    private var updatesUnderway: [Int] {
        let updates = negotiation.updates.entries.span
        var underway: [Int] = []
        for place in updates.indices {
            guard case .released = updates[place].phase, updates[place].request.isExclusive,
                !updates[place].request.isShutdown
            else { continue }
            underway.append(place)
        }
        guard underway.count > 1 else { return underway }
        let entries = negotiation.updates.entries
        return underway.sorted { (entries[$0].announced, $0) < (entries[$1].announced, $1) }
    }

    var hasUpdateUnderway: Bool { !updatesUnderway.isEmpty }

    private func applying(_ underway: [Int]) -> Inhibition.Lock? {
        guard let first = underway.first else { return nil }
        let request = negotiation.updates.entries[first].request
        return .applying(
            request.deploymentID,
            others: underway.count - 1,
            reason: request.reason
        )
    }

    /// For the components with a running deferral.
    private var holding: Inhibition.Lock? {
        let held = negotiation.updates.entries.filter { $0.holderCount > 0 }
        let first = held.min { ($0.announced, $0.id) < ($1.announced, $1.id) }
        guard let first, let holder = first.firstHolder else { return nil }
        let count = held.reduce(0) { $0 + $1.holderCount }
        return .holding(
            first.id,
            holder.component,
            others: count - 1,
            message: holder.message
        )
    }
}
