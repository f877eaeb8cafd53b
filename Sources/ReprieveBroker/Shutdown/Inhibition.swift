// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// What the machine is to be kept from, and for whom. Whoever can keep it from that sees to it,
/// after each turn; nobody minds being told the same again.
package struct Inhibition: Hashable, Sendable {
    /// A shutdown is to wait for its gate.
    package var delays = false
    /// A shutdown is to be refused.
    package var block: Block?
    /// Shutdowns are to be heard of.
    package var listens = false

    package init() {}

    /// For people, as `systemd-inhibit --list` shows it.
    package struct Block: Hashable, Sendable {
        package var who: String
        package var why: String
    }
}

/// Whoever holds an update back with a deferral, looked up again only when something has changed.
struct DeferringComponents: Sendable {
    /// At first, too: a broker may go on with somebody's deferral.
    var areStale = true
    var block: Inhibition.Block?
}

extension Broker {
    var inhibition: Inhibition {
        mutating get {
            var inhibition = Inhibition()
            guard settings.delaysShutdown || settings.blocksShutdown else { return inhibition }
            let isThere = negotiation.hasSubscribers
            inhibition.listens = isThere || shutdown.isUnderWay
            if settings.delaysShutdown {
                inhibition.delays = shutdown.isUnderWay ? shutdownWaits : isThere
            }
            // Once the machine goes down, there is nothing left to refuse.
            if settings.blocksShutdown, !shutdown.isUnderWay { inhibition.block = block }
            return inhibition
        }
    }

    private var shutdownWaits: Bool {
        shutdown.deploymentID.flatMap { negotiation.updates[$0] }?.isWaiting ?? false
    }

    private var block: Inhibition.Block? {
        mutating get {
            if deferringComponents.areStale {
                deferringComponents = DeferringComponents(areStale: false, block: foundBlock)
            }
            return deferringComponents.block
        }
    }

    private var foundBlock: Inhibition.Block? {
        let updates = negotiation.updates.entries.sorted {
            ($0.announced, $0.id) < ($1.announced, $1.id)
        }
        let all = updates.flatMap { update in update.holders.map { (update.id, $0) } }
        guard let (id, holder) = all.first else { return nil }
        let others = all.count > 1 ? " and \(all.count - 1) more" : ""
        let message = holder.message.map { ": " + printable($0) } ?? ""
        return Inhibition.Block(
            who: holder.component + others,
            why: "holds back update \(quoted(id))" + message
        )
    }
}
