// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// Posts that may be sent once more after a reboot, or not at all: that a post was delivered is
/// written to flash late, and not by a broker that dies.
struct RepeatedPosts: Hashable, Sendable {
    typealias Posts = [ComponentName: Set<DeploymentID>]
    private var heard: Posts = [:]
    private var heardBeforeCrash: Posts = [:]
    private var mayRepeat: Posts = [:]

    /// Returns whether it may be a repetition.
    mutating func hear(_ id: DeploymentID, _ name: ComponentName) -> Bool {
        heard[name, default: []].insert(id)
        return mayRepeat[name]?.remove(id) != nil
    }

    mutating func crash() {
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
        }
    }
}
