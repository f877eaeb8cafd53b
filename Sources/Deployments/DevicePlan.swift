// SPDX-License-Identifier: Apache-2.0

package import ReprieveTypes

/// What a deployment does to one device.
package struct DevicePlan: Hashable, Sendable {
    /// What becomes of one component.
    package struct Change: Hashable, Sendable {
        package var component: String
        /// Nil if it is not installed.
        package var before: SemanticVersion?
        /// Nil if it is removed.
        package var after: SemanticVersion?
        /// Why this version: whose range decided.
        package var because: String
    }

    package enum Restart: String, Comparable, Sendable {
        case none
        case components
        case nucleus

        package static func < (one: Self, other: Self) -> Bool { one.rank < other.rank }

        private var rank: Int { self == .none ? 0 : self == .components ? 1 : 2 }
    }

    /// By their names.
    package var components: [Change] = []
    package var restarts = Restart.none
    /// What makes the nucleus restart, or else which components do, and why.
    package var restartsBecause: [String] = []
    /// Whether a bootstrap step runs, which may reboot the machine.
    package var mayReboot = false
    /// The components that are asked, by their names.
    package var asks: [String] = []
    /// Those that a gate asks as well: no recipe describes them, so they may restart, too.
    package var asksAlso: [String] = []
    /// Whether a gate asks all that run, also those that are not known.
    package var asksAll = false
    package var action = Deployment.Action.notify
    package var timeoutMs: Int64 = 0
    package var refused: Refusal?

    /// The components that the update concerns. None are named if it concerns all, or more than can
    /// be named.
    package func concerned(atMost limit: Int) -> [String] {
        let names = asks + asksAlso
        return asksAll || names.count > limit ? [] : names.sorted()
    }

    package var asksNobody: Bool { asks.isEmpty && asksAlso.isEmpty && !asksAll }

    package var disruption: Disruption { restarts == .nucleus ? .nucleus : .components }
}
