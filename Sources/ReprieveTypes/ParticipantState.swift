// SPDX-License-Identifier: Apache-2.0

/// Where a component stands in the negotiation of one update. `Protocol/negotiation.md` has the
/// rules, `Participant` the diagram.
@nonexhaustive
public enum ParticipantState: String, CaseIterable, Hashable, Sendable {
    /// Required, and not subscribed. → asked (subscribes), silent (response time over).
    case absent
    /// A question was put. → acknowledged, deferred, silent, away.
    case asked
    /// Ready. → deferred, asked (final asking, new subscription).
    case acknowledged
    /// Granted time runs. → asked (it is over), acknowledged, away, overridden.
    case deferred
    /// No answer in time. → acknowledged, deferred, asked (end of a final asking).
    case silent
    /// Disconnected a moment ago. → asked, deferred, acknowledged, silent, gone, overridden.
    case away
    /// Did not come back in time. → asked, silent.
    case gone
    /// A cap or force cut its deferral. It stays so.
    case overridden
}
