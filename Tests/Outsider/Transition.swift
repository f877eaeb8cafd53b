// SPDX-License-Identifier: Apache-2.0

package import Negotiation

/// One event, what followed from it, and the negotiation before and right after it.
package struct Transition: Sendable {
    package var event: Event
    package var consequences: Consequences
    package var before: Negotiation
    package var after: Negotiation
    package var now: Instant

    package init(
        _ event: Event,
        _ consequences: Consequences,
        before: Negotiation,
        after: Negotiation,
        at now: Instant
    ) {
        self.event = event
        self.consequences = consequences
        self.before = before
        self.after = after
        self.now = now
    }

    var actions: [Action] { consequences.actions }
}
