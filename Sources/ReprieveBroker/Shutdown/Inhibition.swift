// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
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

    /// For people, as `systemd-inhibit --list` shows it.
    package struct Lock: Hashable, Sendable {
        package var who: String
        package var why: String
    }
}

extension Inhibition {
    var shapes: [InhibitorShape] {
        [("delay", delay), ("block", block)].compactMap { mode, lock in
            lock.map { InhibitorShape(mode: mode, why: $0.why) }
        }
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
            let delay = updatesInhibition.underway ?? .forComponents
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
            underway: Self.applying(underway),
            block: settings.blocksShutdown ? blocking(underway) : nil
        )
    }

    private func blocking(_ underway: [Update]) -> Inhibition.Lock? {
        // An update that takes the machine down must not refuse that.
        Self.applying(underway.filter { !$0.request.disruption.stopsMachine }) ?? holding
    }

    /// The updates that a shutdown must not cut off, in the order of their announcement.
    private var updatesUnderway: [Update] {
        negotiation.updates.entries.filter {
            $0.opening != nil && $0.request.isExclusive && !$0.request.isShutdown
        }.sorted { ($0.announced, $0.id) < ($1.announced, $1.id) }
    }

    var hasUpdateUnderway: Bool { !updatesUnderway.isEmpty }

    private static func applying(_ updates: [Update]) -> Inhibition.Lock? {
        guard let first = updates.first else { return nil }
        let others = updates.count > 1 ? " and \(updates.count - 1) more" : ""
        let reason = first.request.reason.map { ": " + printable($0) } ?? ""
        return Inhibition.Lock(
            who: "Reprieve",
            why: "update \(quoted(first.id))\(others) is being applied" + reason
        )
    }

    /// For the components with a running deferral.
    private var holding: Inhibition.Lock? {
        let held = negotiation.updates.entries.filter { $0.holderCount > 0 }
        let first = held.min { ($0.announced, $0.id) < ($1.announced, $1.id) }
        guard let first, let holder = first.firstHolder else { return nil }
        let count = held.reduce(0) { $0 + $1.holderCount }
        let others = count > 1 ? " and \(count - 1) more" : ""
        let message = holder.message.map { ": " + printable($0) } ?? ""
        return Inhibition.Lock(
            who: holder.component + others,
            why: "holds back update \(quoted(first.id))" + message
        )
    }
}

extension Inhibition.Lock {
    fileprivate static let forComponents = Inhibition.Lock(
        who: "Reprieve",
        why: "components are asked before the machine goes down"
    )
}
