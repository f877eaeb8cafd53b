// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// The inhibitors that are wanted. The host is told after each step, also if nothing has changed.
package struct Inhibition: Hashable, Sendable {
    /// A delay inhibitor: a shutdown waits for its gate.
    package var delays = false
    /// A block inhibitor: logind refuses shutdowns.
    package var block: Block?
    /// The host watches for shutdowns.
    package var listens = false

    package init() {}

    /// For people, as `systemd-inhibit --list` shows it.
    package struct Block: Hashable, Sendable {
        package var who: String
        package var why: String
    }
}

/// The components with a running deferral, looked up again only after a change.
struct DeferringComponents: Sendable {
    /// True at first: a broker may start with deferrals from its files.
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
        let held = negotiation.updates.places.lazy.map { negotiation.updates.entries[$0] }
            .filter { $0.holderCount > 0 }
        let first = held.min { ($0.announced, $0.id) < ($1.announced, $1.id) }
        guard let first, let holder = first.firstHolder else { return nil }
        let count = held.reduce(0) { $0 + $1.holderCount }
        let others = count > 1 ? " and \(count - 1) more" : ""
        let message = holder.message.map { ": " + printable($0) } ?? ""
        return Inhibition.Block(
            who: holder.component + others,
            why: "holds back update \(quoted(first.id))" + message
        )
    }
}
