// SPDX-License-Identifier: Apache-2.0

import Negotiation
import ReprieveBroker

extension SettingTable {
    /// The keys of the section `[Broker]` that limit what others may use. What happens beyond them
    /// is said in `Protocol/security.md`.
    static let limits: [Setting<Configuration>] = [
        .count(
            "component-connections",
            "connections at the component socket, of which users other than the daemon's get "
                + "three quarters; the limit of descriptors can lower it",
            default: "8192",
            in: 16...1_048_576
        ) { $0.limits.componentConnections = $1 },
        .count(
            "kept-connections",
            "connections that systemd keeps while the daemon is restarted, at most one fewer "
                + "than FileDescriptorStoreMax= of its unit, of which its own user gets half and "
                + "others a quarter; of the rest each user or service gets a 64th",
            default: "1023",
            in: 0...4_095
        ) { $0.limits.keptConnections = $1 },
        .count(
            "account-connections",
            "connections of one user or service, no more than a quarter of all; not for the "
                + "daemon's own user, nor at the control socket",
            default: "256",
            in: 1...1_048_576
        ) { $0.limits.account.connections = $1 },
        .count(
            "account-handshakes",
            "connections of one user or service that have not sent CONNECT; not for the daemon's "
                + "own user, nor at the control socket",
            default: "64",
            in: 1...1_048_576
        ) { $0.limits.account.handshakes = $1 },
        .bytes(
            "account-bytes",
            "bytes that wait for one user or service, in both directions; not for the daemon's "
                + "own user, nor at the control socket; a suffix K, M or G stands for 1024 and its "
                + "powers",
            default: "1M",
            in: 65_536...1_073_741_824
        ) { $0.limits.account.bytes = $1 },
        .count(
            "account-components",
            "components of one unit that are subscribed, or take part in an update",
            default: "128",
            in: 1...65_536
        ) { $0.negotiation.maximumComponentsOfUnit = $1 },
        .count(
            "account-owed-components",
            "components of one unit that the end of an update is kept for until they return",
            default: "64",
            in: 1...4_096
        ) { $0.negotiation.maximumOwedComponentsOfUnit = $1 },
        .count(
            "account-subscriptions",
            "subscriptions of all components of one unit",
            default: "256",
            in: 1...65_536
        ) { $0.negotiation.maximumSubscriptionsOfUnit = $1 },
        .count(
            "component-subscriptions",
            "subscriptions of one component",
            default: "64",
            in: 1...4_096
        ) { $0.negotiation.maximumSubscriptions = $1 },
    ]
}
