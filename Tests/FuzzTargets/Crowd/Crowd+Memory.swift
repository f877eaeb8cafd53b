// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker

// What a broker keeps in memory, measured from outside: no table can be forgotten.

extension Crowd {
    /// Bytes that a component may take in the negotiation: in its subscription, and in each update
    /// with its message.
    private static let bytesOfMember = 2 * 1_024
    private static let bytesOfBroker = 8 * 1_024 * 1_024
    private static let accounts = 70

    /// What the broker may keep now: of each account its limit, and an arithmetic growth of an
    /// array beside it; of each component the same in each update.
    var maximumBytes: Int {
        let limits = harness.broker.settings
        let updates = harness.broker.negotiation.updates.count
        return Self.bytesOfBroker + 2 * (harness.journal.count + harness.state.count)
            + 2 * Self.accounts * limits.otherLimits.bytes + 2 * limits.ownLimits.bytes
            + entered * Self.bytesOfMember * (1 + updates)
    }
}
