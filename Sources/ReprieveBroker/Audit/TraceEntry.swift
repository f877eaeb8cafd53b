// SPDX-License-Identifier: Apache-2.0

package import Negotiation

/// One event of the negotiation, and what it brought about.
package struct TraceEntry: Sendable {
    package var event: Event
    package var consequences: Consequences
    package var before: Negotiation
    package var after: Negotiation
    package var instant: Instant

    package var actions: [Action] { consequences.actions }

    init(
        _ event: Event,
        _ consequences: Consequences,
        _ before: Negotiation,
        _ after: Negotiation,
        _ instant: Instant
    ) {
        self.event = event
        self.consequences = consequences
        self.before = before
        self.after = after
        self.instant = instant
    }
}
