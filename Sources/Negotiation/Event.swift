// SPDX-License-Identifier: Apache-2.0

/// One connection to the broker.
package struct PeerID: Hashable, Comparable, Sendable {
    package var number: UInt64

    package init(_ number: UInt64) {
        self.number = number
    }

    package static func < (one: PeerID, other: PeerID) -> Bool {
        one.number < other.number
    }
}

/// One stream of one connection: a subscription, a coordinator, or a call that awaits its reply.
package struct StreamID: Hashable, Comparable, Sendable {
    package var peer: PeerID
    package var number: Int32

    package init(_ peer: PeerID, _ number: Int32) {
        self.peer = peer
        self.number = number
    }

    package static func < (one: StreamID, other: StreamID) -> Bool {
        (one.peer, one.number) < (other.peer, other.number)
    }
}

/// A component's open ear: the stream on which it hears of updates.
package struct Subscription: Hashable, Sendable {
    package var stream: StreamID
    package var component: ComponentName
    /// The component acts only on a `final` notice, and says so with that notice's round.
    package var confirm: Bool
    /// The process behind the connection, 0 where unknown.
    package var process: Int32

    package init(
        stream: StreamID,
        component: ComponentName,
        confirm: Bool = false,
        process: Int32 = 0
    ) {
        self.stream = stream
        self.component = component
        self.confirm = confirm
        self.process = process
    }
}

/// What a component says about one update: `aws.greengrass#DeferComponentUpdate`.
package struct Answer: Hashable, Sendable {
    package var request: StreamID
    package var component: ComponentName
    package var deploymentID: DeploymentID
    /// Zero acknowledges.
    package var deferral: Duration
    /// The round that is answered, where the component says so.
    package var round: Int64?
    package var message: String?

    package init(
        request: StreamID,
        component: ComponentName,
        deploymentID: DeploymentID,
        deferral: Duration,
        round: Int64? = nil,
        message: String? = nil
    ) {
        self.request = request
        self.component = component
        self.deploymentID = deploymentID
        self.deferral = deferral
        self.round = round
        self.message = message
    }
}

/// What a coordinator wants to do: `reprieve#GateUpdate`.
package struct UpdateRequest: Hashable, Sendable {
    package var deploymentID: DeploymentID
    package var reason: String?
    package var restartsNucleus: Bool
    /// The components that the update concerns; nil and empty mean all.
    package var components: [ComponentName]?
    package var policy: Policy
    /// The request's JSON value in one canonical form. Two requests are the same when it is equal.
    package var asSent: [UInt8]
    /// Subscriptions that are ready for it without being asked, for what they were asked before.
    /// A death of the broker ends them with their connections.
    package var excused: Set<StreamID> = []

    package init(
        deploymentID: DeploymentID,
        reason: String? = nil,
        restartsNucleus: Bool = false,
        components: [ComponentName]? = nil,
        policy: Policy = Policy(),
        asSent: [UInt8] = []
    ) {
        self.deploymentID = deploymentID
        self.reason = reason
        self.restartsNucleus = restartsNucleus
        self.components = components
        self.policy = policy
        self.asSent = asSent
    }
}

extension UpdateRequest {
    package func hash(into hasher: inout Hasher) {
        hasher.combine(deploymentID)
        hasher.combine(asSent)
    }
}

/// Everything that can happen to a negotiation.
package enum Event: Hashable, Sendable {
    case subscribed(Subscription)
    case unsubscribed(StreamID, component: ComponentName)
    /// The connection ended, whoever ended it; `component` is whose it was.
    case hungUp(PeerID, component: ComponentName)
    case answered(Answer)
    case announced(UpdateRequest, coordinator: StreamID, process: Int32)
    case coordinatorLeft(StreamID)
    case completed(DeploymentID, Outcome, message: String?, request: StreamID)
    case cancelled(DeploymentID, reason: String, by: String, request: StreamID)
    case forced(DeploymentID, reason: String, by: String, request: StreamID)
    /// The instant that `nextDeadline` named has come. Early or twice, it changes nothing.
    case timePassed
    /// The device was suspended for so long, until now.
    case slept(Duration)
    /// Everything that was to be sent has been handed to the sockets.
    case sent
    /// The broker is back after its own death: its connections are lost, its promises are not.
    case restarted
}
