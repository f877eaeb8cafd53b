// SPDX-License-Identifier: Apache-2.0

package import ReprieveBroker

// The machine on which the stage is.

extension Stage {
    /// Something happens to it.
    package mutating func handle(_ event: Broker.Event) {
        perform(broker.handle(event, at: now))
        endTurn()
    }

    /// What it is to be kept from.
    package var inhibition: Inhibition {
        mutating get { broker.inhibition }
    }
}
