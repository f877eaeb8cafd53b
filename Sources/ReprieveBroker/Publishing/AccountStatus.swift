// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

// What accounts use, for the status.

/// What the peers of one account have, in all.
private struct Possessions {
    var names: Set<ComponentName> = []
    /// Subscriptions, by component.
    var subscriptions: [ComponentName: Int] = [:]

    /// Of its names only those in a unit have a share.
    var unitPrefix: String? { names.lazy.compactMap(\.unitPrefix).min() }
}

extension Broker {
    /// The accounts that have a connection: those that were refused something first, then those
    /// nearest to a limit.
    var accountShapes: [AccountShape] {
        let (possessions, units) = (self.possessions, negotiation.unitUsages)
        let shapes = accounts.connected.map { place, account in
            let has = possessions[place, default: Possessions()]
            let unit = has.unitPrefix.map { units[$0, default: UnitUsage()] }
            return shape(of: account, has, unit)
        }
        return shapes.sorted { $0.precedes($1) }
    }

    /// By the places of the accounts.
    private var possessions: [Int: Possessions] {
        var all: [Int: Possessions] = [:]
        for peer in peers.values where !peer.name.isEmpty {
            all[peer.account, default: Possessions()].names.insert(peer.name)
        }
        for subscription in negotiation.allSubscriptions.joined() {
            guard let place = peers[subscription.stream.peer]?.account else { continue }
            all[place]?.subscriptions[subscription.component, default: 0] += 1
        }
        return all
    }

    private func shape(
        of account: Account,
        _ has: Possessions,
        _ unit: UnitUsage?
    ) -> AccountShape {
        let (limits, rules) = (settings.limits(of: account.id), settings.negotiation)
        return AccountShape(
            uid: Int64(account.id.user),
            service: account.id.service,
            socket: account.id.endpoint == .control ? .control : .components,
            connections: UsageShape(account.connections, of: limits.connections),
            handshakes: UsageShape(account.handshakes, of: limits.handshakes),
            bytes: UsageShape(account.bytes, of: limits.bytes),
            subscriptions: UsageShape(
                has.subscriptions.values.reduce(0, +),
                of: unit == nil ? nil : rules.maximumSubscriptionsOfUnit
            ),
            components: UsageShape(
                unit?.components ?? has.subscriptions.count,
                of: unit == nil ? nil : rules.maximumComponentsOfUnit
            ),
            owed: unit.map { UsageShape($0.owed, of: rules.maximumOwedComponentsOfUnit) },
            refusals: Int64(account.refusals)
        )
    }
}

extension AccountShape {
    fileprivate func precedes(_ other: AccountShape) -> Bool {
        if refusals != other.refusals { return refusals > other.refusals }
        if load != other.load { return load > other.load }
        if uid != other.uid { return uid < other.uid }
        return (service ?? "", socket.rawValue) < (other.service ?? "", other.socket.rawValue)
    }
}

extension UsageShape {
    fileprivate init(_ used: Int, of limit: Int?) {
        self.init(used: Int64(used), limit: limit.map(Int64.init))
    }
}
