// SPDX-License-Identifier: Apache-2.0

package import Negotiation

/// One event of the negotiation, and what came of it.
package struct Minute: Sendable {
    package var event: Event
    package var actions: [Action]
    package var before: Negotiation
    package var after: Negotiation
    package var instant: Instant

    init(
        _ event: Event,
        _ actions: [Action],
        _ before: Negotiation,
        _ after: Negotiation,
        at instant: Instant
    ) {
        self.event = event
        self.actions = actions
        self.before = before
        self.after = after
        self.instant = instant
    }
}
