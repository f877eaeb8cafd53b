// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// Posts that may be sent once more, or not at all. After a crash these are those which the broker
/// did not know to have left; after a reboot also delivered ones, since that is written to flash
/// late, and not by a broker that dies.
struct RepeatedPosts: Hashable, Sendable {
    typealias Posts = [ComponentName: Set<DeploymentID>]
    private var heard: Posts = [:]
    private var heardBeforeCrash: Posts = [:]
    private var unconfirmed: Posts = [:]
    private var mayRepeat: Posts = [:]

    /// Returns whether it may be a repetition.
    mutating func hear(_ id: DeploymentID, _ name: ComponentName) -> Bool {
        heard[name, default: []].insert(id)
        unconfirmed[name, default: []].insert(id)
        return mayRepeat[name]?.remove(id) != nil
    }

    /// All posts have left.
    mutating func confirm() { unconfirmed = [:] }

    mutating func crash() {
        mayRepeat.merge(unconfirmed) { $0.union($1) }
        unconfirmed = [:]
        heardBeforeCrash.merge(heard) { $0.union($1) }
        heard = [:]
    }

    mutating func reboot(_ owed: Posts) {
        mayRepeat.merge(owed) { $0.union($1) }
        mayRepeat.merge(heardBeforeCrash) { $0.union($1) }
        heard = [:]
    }

    /// The id is announced again: posts of its old end are not sent in this boot.
    mutating func forget(_ id: DeploymentID, _ owed: [ComponentName]) {
        let names = owed + mayRepeat.keys
        for name in names {
            heard[name, default: []].insert(id)
            mayRepeat[name]?.remove(id)
            unconfirmed[name]?.remove(id)
        }
    }
}
