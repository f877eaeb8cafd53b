// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The state of an update that waits.
public struct GateProgress: Hashable, Sendable {
    /// A component that blocks the update.
    public struct Blocker: Hashable, Sendable {
        public let component: String
        /// Why it deferred, if it said so.
        public let reason: String?
        /// How long it blocks the update before it is asked again, or becomes silent.
        public let remaining: Duration?
    }

    /// The components that the update concerns, sorted.
    public let participants: [String]
    /// The components that the update waits for, sorted.
    public let blockers: [Blocker]
    /// The updates under way whose end it waits for, sorted.
    public let updates: [String]
    /// The time left until the gate opens, or is refused, in any case.
    public let deadline: Duration

    init(_ shape: UpdateShape) {
        participants = shape.participants.map(\.component)
        deadline = .milliseconds(shape.deadlineInMs)
        updates = shape.updatesWaitedFor
        let names = Set(shape.blockedBy)
        blockers = shape.participants.filter { names.contains($0.component) }.map { participant in
            Blocker(
                component: participant.component,
                reason: participant.state == .deferred ? participant.message : nil,
                remaining: participant.untilMs.map { .milliseconds($0) }
            )
        }
    }
}
