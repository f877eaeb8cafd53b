// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// A disruptive change that somebody wants to make.
public struct Update: Hashable, Sendable {
    /// 1 to 256 bytes. The same id with the same request joins an update that waits.
    public var id: String
    /// Why it is made, for the components and the history.
    public var reason: String?
    /// It restarts the nucleus, and with it all components.
    public var restartsNucleus: Bool
    /// The components that it concerns; empty = all.
    public var components: [String]

    public init(
        _ id: String,
        reason: String? = nil,
        restartsNucleus: Bool = false,
        components: [String] = []
    ) {
        self.id = id
        self.reason = reason
        self.restartsNucleus = restartsNucleus
        self.components = components
    }
}

/// How long a gate waits for whom. What is nil has the broker's default. Durations are from 0 to a
/// century, and count in whole milliseconds.
public struct GatePolicy: Hashable, Sendable {
    /// How long a component may take to answer (60 s). 0: all are told, nobody is asked.
    public var responseTimeout: Duration?
    /// When the gate opens at the latest, from the announcement (24 h).
    public var deadline: Duration?
    /// The longest deferral that one answer is granted (1 h).
    public var maximumDeferral: Duration?
    /// How long one component may hold the update back in all (12 h).
    public var maximumTotalDeferral: Duration?
    /// What follows when a component does not answer in time (proceed).
    public var onSilence: OnSilence?
    /// Components that are waited for even while they are not there.
    public var required: [String] = []
    /// Nobody is told or asked.
    public var isSilent = false

    public init() {}
}

/// The gate is open.
public struct Release: Hashable, Sendable {
    public let deploymentID: String
    /// On what ground, from the weakest to the strongest.
    public let basis: Basis
    public let waited: Duration
    public let participants: [String]
    /// Who did not answer.
    public let silent: [String]
    /// Whose deferral was cut off.
    public let overridden: [String]

    init(_ shape: ReleasedShape) {
        deploymentID = shape.deploymentID
        basis = shape.basis
        waited = .milliseconds(shape.waitedMs)
        participants = shape.participants
        silent = shape.silent
        overridden = shape.overridden
    }
}

/// How an update stands that waits.
public struct GateProgress: Hashable, Sendable {
    /// A component that holds it back.
    public struct Blocker: Hashable, Sendable {
        public let component: String
        /// Why, if it deferred and said so.
        public let reason: String?
        /// How long it holds the update back before it is asked again, or counts as silent.
        public let remaining: Duration?
    }

    /// Everyone whom the update concerns, sorted.
    public let participants: [String]
    /// Those for whom it waits, sorted.
    public let blockers: [Blocker]
    /// Time left until the gate opens regardless.
    public let deadline: Duration

    init(_ shape: UpdateShape) {
        participants = shape.participants.map(\.component)
        deadline = .milliseconds(shape.deadlineInMs)
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
