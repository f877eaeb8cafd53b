// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

/// CONNECT's payload: what the client claims to be.
package struct ConnectRequest: Shape {
    package var authToken: String?
    package var componentName: String?

    package init(authToken: String? = nil, componentName: String? = nil) {
        self.authToken = authToken
        self.componentName = componentName
    }

    package init(decoding json: JSON) throws(JSONError) {
        authToken = try json.string("authToken")
        componentName = try json.string("componentName")
    }

    package func write(to object: inout ObjectWriter) {
        object.member("authToken", authToken)
        object.member("componentName", componentName)
    }
}

/// `aws.greengrass#SubscribeToComponentUpdatesRequest`.
package struct SubscribeRequest: Shape {
    /// The component acts only on a `final` notice.
    package var confirm: Bool
    /// The component wants to know what it comes too late for.
    package var underway: Bool

    package init(confirm: Bool = false, underway: Bool = false) {
        self.confirm = confirm
        self.underway = underway
    }

    package init(decoding json: JSON) throws(JSONError) {
        confirm = try json.bool("confirm") ?? false
        underway = try json.bool("underway") ?? false
    }

    package func write(to object: inout ObjectWriter) {
        object.flag("confirm", confirm)
        object.flag("underway", underway)
    }
}

/// `aws.greengrass#SubscribeToComponentUpdatesResponse`, which Greengrass leaves empty.
package struct SubscribeResponse: Shape {
    /// If the request wants to know: the updates concerning this component that are released, or
    /// that it may not hold back any longer, sorted. The postUpdateEvent of each follows.
    package var underway: [String]

    package init(underway: [String] = []) {
        self.underway = underway
    }

    package init(decoding json: JSON) throws(JSONError) {
        underway = try json.strings("underway") ?? []
    }

    /// Whether there was hardly room for more ids in the frame: the broker may have left some out.
    package static func mayBeCut(_ underway: [String]) -> Bool {
        underway.reduce(0) { $0 + $1.utf8.count } > Limits.componentFrame / 2
    }

    package func write(to object: inout ObjectWriter) {
        if !underway.isEmpty { object.member("underway", underway) }
    }
}

/// `aws.greengrass#DeferComponentUpdateRequest`: 0 ms acknowledges.
package struct DeferRequest: Shape {
    package var deploymentID: String
    /// Nil where the answer does not say. Like a Greengrass nucleus, the broker ignores it then.
    package var recheckAfterMs: Int64?
    package var message: String?
    /// The round that is answered. Only a `confirm` component needs to say it.
    package var round: Int64?

    package init(
        deploymentID: String,
        recheckAfterMs: Int64?,
        message: String? = nil,
        round: Int64? = nil
    ) {
        self.deploymentID = deploymentID
        self.recheckAfterMs = recheckAfterMs
        self.message = message
        self.round = round
    }

    package init(decoding json: JSON) throws(JSONError) {
        deploymentID = try json.deploymentID()
        recheckAfterMs = try json.milliseconds("recheckAfterMs")
        message = try json.text("message")
        round = try json.integer("round")
    }

    package func write(to object: inout ObjectWriter) {
        object.member("deploymentId", deploymentID)
        object.member("recheckAfterMs", recheckAfterMs)
        object.text("message", message)
        object.member("round", round)
    }
}

/// `aws.greengrass#DeferComponentUpdateResponse`. Greengrass itself says neither.
package struct DeferResponse: Shape {
    package var grantedMs: Int64?
    package var remainingMs: Int64?

    package init(grantedMs: Int64?, remainingMs: Int64?) {
        self.grantedMs = grantedMs
        self.remainingMs = remainingMs
    }

    package init(decoding json: JSON) throws(JSONError) {
        grantedMs = try json.time("grantedMs")
        remainingMs = try json.time("remainingMs")
    }

    package func write(to object: inout ObjectWriter) {
        object.member("grantedMs", grantedMs)
        object.member("remainingMs", remainingMs)
    }
}

/// `aws.greengrass#ComponentUpdatePolicyEvents`: exactly one of the two.
package enum ComponentEvent: Shape {
    case preUpdate(PreUpdateEvent)
    case postUpdate(PostUpdateEvent)
    /// What only a later broker says. It is ignored.
    case unknown

    package init(decoding json: JSON) throws(JSONError) {
        if let pre = try json.object("preUpdateEvent") {
            self = .preUpdate(try PreUpdateEvent(decoding: pre))
        } else if let post = try json.object("postUpdateEvent") {
            self = .postUpdate(try PostUpdateEvent(decoding: post))
        } else {
            self = .unknown
        }
    }

    package func write(to object: inout ObjectWriter) {
        switch self {
        case .preUpdate(let event): object.member("preUpdateEvent", event)
        case .postUpdate(let event): object.member("postUpdateEvent", event)
        case .unknown: break
        }
    }
}

/// The notice. Only the first two members are Greengrass's; all durations are time left.
package struct PreUpdateEvent: Shape {
    package var deploymentID: String
    package var disruption: Disruption
    package var reason: String?
    package var components: [String]?
    package var round: Int64?
    package var respondByMs: Int64?
    package var deadlineInMs: Int64?
    package var maxDeferMs: Int64?
    package var lastCall = false
    package var final = false

    package init(deploymentID: String, disruption: Disruption) {
        self.deploymentID = deploymentID
        self.disruption = disruption
    }

    package init(decoding json: JSON) throws(JSONError) {
        deploymentID = try json.requiredString("deploymentId")
        disruption = try json.disruption()
        reason = try json.string("reason")
        components = try json.strings("components")
        round = try json.integer("round")
        respondByMs = try json.time("respondByMs")
        deadlineInMs = try json.time("deadlineInMs")
        maxDeferMs = try json.time("maxDeferMs")
        lastCall = try json.bool("lastCall") ?? false
        final = try json.bool("final") ?? false
    }

    package func write(to object: inout ObjectWriter) {
        object.member("deploymentId", deploymentID)
        object.member("isGgcRestarting", disruption.stopsNucleus)
        object.member("disruption", disruption.rawValue)
        object.member("reason", reason)
        object.member("components", components)
        object.member("round", round)
        object.member("respondByMs", respondByMs)
        object.member("deadlineInMs", deadlineInMs)
        object.member("maxDeferMs", maxDeferMs)
        object.flag("lastCall", lastCall)
        object.flag("final", final)
    }
}

/// The end of an update. Greengrass itself says only the id.
package struct PostUpdateEvent: Shape {
    package var deploymentID: String
    package var outcome: Outcome?
    package var message: String?

    package init(deploymentID: String, outcome: Outcome?, message: String? = nil) {
        self.deploymentID = deploymentID
        self.outcome = outcome
        self.message = message
    }

    package init(decoding json: JSON) throws(JSONError) {
        deploymentID = try json.requiredString("deploymentId")
        outcome = try json.string("outcome").map { Outcome(wire: $0) }
        message = try json.string("message")
    }

    package func write(to object: inout ObjectWriter) {
        object.member("deploymentId", deploymentID)
        object.member("outcome", outcome?.rawValue)
        object.member("message", message)
    }
}
