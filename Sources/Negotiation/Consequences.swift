// SPDX-License-Identifier: Apache-2.0

/// All that follows from one event.
package struct Consequences: Hashable, Sendable {
    /// What is to be sent, in this order.
    package var actions: [Action] = []
    /// What the negotiation decided, for log, history and metrics.
    package var decisions: [Decision] = []
    /// What is to be written down before any action is performed.
    package var changes: [Change] = []

    package init() {}
}

/// Something that the negotiation decided. Each decision is reported once, however many hear of
/// it.
package enum Decision: Hashable, Sendable {
    /// A new update. A second coordinator of the same update is not announced.
    case announced(DeploymentID)
    case deferred(Answer, Grant)
    /// The update waits, and opens now or when a coordinator is attached again.
    case forced(DeploymentID, Force)
    /// The update as it is now, with its `release`.
    case released(Update)
    /// The update as it was when it ended: waiting or released, with its participants.
    case ended(Update, Ended)
}

/// The name of something that is written down and has changed. Its value is looked up in the
/// negotiation when it is written; what is not there any more is struck out.
///
/// Adjacent changes differ. A change may come again after another one.
package enum Change: Hashable, Sendable {
    /// `Negotiation.update(_:)`, without its participants. Where it is absent, they are too.
    case update(DeploymentID)
    /// A participant of `Negotiation.update(_:)`.
    case participant(DeploymentID, ComponentName)
    /// `Negotiation.ending(of:)`. What ended last is the last one in order.
    case ended(DeploymentID)
    /// `Negotiation.posts(owedTo:)`.
    case owed(ComponentName)
    /// `Negotiation.processCount(of:)`.
    case subscriber(ComponentName)
}
