// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

/// `reprieve#GateUpdateRequest`.
package struct GateRequest: Shape {
    package var deploymentID: String
    package var reason: String?
    package var disruption: Disruption
    package var components: [String]?
    /// Refuse the request if a name in `components` is one that no component is known to have.
    package var refusesUnknown = false
    /// It waits for updates under way that it conflicts with, and they for it.
    package var exclusive = true
    /// The outcome is reported over another connection, perhaps much later.
    package var completesLater = false
    package var policy: PolicyShape

    package init(
        deploymentID: String,
        reason: String? = nil,
        disruption: Disruption = .components,
        components: [String]? = nil,
        policy: PolicyShape = PolicyShape()
    ) {
        self.deploymentID = deploymentID
        self.reason = reason
        self.disruption = disruption
        self.components = components
        self.policy = policy
    }

    package init(decoding json: JSON) throws(JSONError) {
        deploymentID = try json.deploymentID()
        reason = try json.text("reason")
        disruption = try json.requestedDisruption()
        components = try json.names("components")
        refusesUnknown = try json.bool("refuseUnknown") ?? false
        exclusive = try json.bool("exclusive") ?? true
        completesLater = try json.bool("completesLater") ?? false
        policy = try PolicyShape(decoding: json.object("policy") ?? [:])
    }

    package func write(to object: inout ObjectWriter) {
        object.member("deploymentId", deploymentID)
        object.text("reason", reason)
        object.flag("isGgcRestarting", disruption.stopsNucleus)
        object.flag("reboots", disruption.stopsMachine)
        object.member("disruption", disruption.requestedWord)
        object.member("components", components)
        object.flag("refuseUnknown", refusesUnknown)
        if !exclusive { object.member("exclusive", false) }
        object.flag("completesLater", completesLater)
        if policy != PolicyShape() { object.member("policy", policy) }
    }
}

/// The `policy` of a gate. What is absent has its default, which is the broker's to know.
package struct PolicyShape: Shape {
    package enum Action: String, CaseIterable, Hashable, Sendable {
        case notify = "NOTIFY_COMPONENTS"
        case skip = "SKIP_NOTIFY_COMPONENTS"
    }

    package var action: Action?
    package var responseTimeoutMs: Int64?
    package var deadlineMs: Int64?
    package var maxDeferMs: Int64?
    package var maxTotalDeferMs: Int64?
    package var onSilence: OnSilence?
    package var require: [String]?
    package var onAbsence: OnAbsence?
    package var onDeadline: OnDeadline?

    package init() {}

    package init(decoding json: JSON) throws(JSONError) {
        action = try json.word("action")
        responseTimeoutMs = try json.milliseconds("responseTimeoutMs")
        deadlineMs = try json.milliseconds("deadlineMs")
        maxDeferMs = try json.milliseconds("maxDeferMs")
        maxTotalDeferMs = try json.milliseconds("maxTotalDeferMs")
        onSilence = try json.word("onSilence")
        require = try json.names("require")
        onAbsence = try json.word("onAbsence")
        onDeadline = try json.word("onDeadline")
    }

    package func write(to object: inout ObjectWriter) {
        object.member("action", action?.rawValue)
        object.member("responseTimeoutMs", responseTimeoutMs)
        object.member("deadlineMs", deadlineMs)
        object.member("maxDeferMs", maxDeferMs)
        object.member("maxTotalDeferMs", maxTotalDeferMs)
        object.member("onSilence", onSilence?.rawValue)
        object.member("require", require)
        object.member("onAbsence", onAbsence?.rawValue)
        object.member("onDeadline", onDeadline?.rawValue)
    }
}

/// `reprieve#GateUpdateResponse`.
package struct GateResponse: Shape {
    package var deploymentID: String
    package var participants: [String]
    /// An earlier announcement with the same request is joined.
    package var attached: Bool
    package var unmatched: [String]

    package init(
        deploymentID: String,
        participants: [String],
        attached: Bool,
        unmatched: [String]
    ) {
        self.deploymentID = deploymentID
        self.participants = participants
        self.attached = attached
        self.unmatched = unmatched
    }

    package init(decoding json: JSON) throws(JSONError) {
        deploymentID = try json.requiredString("deploymentId")
        participants = try json.strings("participants") ?? []
        attached = try json.bool("attached") ?? false
        unmatched = try json.strings("unmatched") ?? []
    }

    package func write(to object: inout ObjectWriter) {
        object.member("deploymentId", deploymentID)
        object.member("participants", participants)
        object.member("attached", attached)
        object.member("unmatched", unmatched)
    }
}

/// `reprieve#GateEvents`: exactly one of the four, the last three ending the stream.
package enum GateEvent: Shape {
    case progress(UpdateShape)
    case released(ReleasedShape)
    case refused(WithdrawnShape)
    case cancelled(WithdrawnShape)

    package init(decoding json: JSON) throws(JSONError) {
        if let progress = try json.object("progress") {
            self = .progress(try UpdateShape(decoding: progress))
        } else if let released = try json.object("released") {
            self = .released(try ReleasedShape(decoding: released))
        } else if let refused = try json.object("refused") {
            self = .refused(try WithdrawnShape(decoding: refused))
        } else if let cancelled = try json.object("cancelled") {
            self = .cancelled(try WithdrawnShape(decoding: cancelled))
        } else {
            throw JSONError("none of progress, released, refused, cancelled")
        }
    }

    package func write(to object: inout ObjectWriter) {
        switch self {
        case .progress(let update): object.member("progress", update)
        case .released(let released): object.member("released", released)
        case .refused(let refused): object.member("refused", refused)
        case .cancelled(let cancelled): object.member("cancelled", cancelled)
        }
    }

    package var isLast: Bool {
        if case .progress = self { false } else { true }
    }
}
package struct ReleasedShape: Shape {
    package var deploymentID: String
    package var basis: Basis
    package var waitedMs: Int64
    package var participants: [String]
    package var silent: [String]
    package var overridden: [String]
    /// Another coordinator, which is connected, makes the update.
    package var joined = false

    package init(
        deploymentID: String,
        basis: Basis,
        waitedMs: Int64,
        participants: [String],
        silent: [String],
        overridden: [String]
    ) {
        self.deploymentID = deploymentID
        self.basis = basis
        self.waitedMs = waitedMs
        self.participants = participants
        self.silent = silent
        self.overridden = overridden
    }

    package init(decoding json: JSON) throws(JSONError) {
        deploymentID = try json.requiredString("deploymentId")
        basis = Basis(wire: try json.requiredString("basis"))
        waitedMs = try json.time("waitedMs") ?? 0
        participants = try json.strings("participants") ?? []
        silent = try json.strings("silent") ?? []
        overridden = try json.strings("overridden") ?? []
        joined = try json.bool("joined") ?? false
    }

    package func write(to object: inout ObjectWriter) {
        object.member("deploymentId", deploymentID)
        object.member("basis", basis.rawValue)
        object.member("waitedMs", waitedMs)
        object.member("participants", participants)
        object.member("silent", silent)
        object.member("overridden", overridden)
        object.flag("joined", joined)
    }
}

package struct WithdrawnShape: Shape {
    package var deploymentID: String
    package var by: String
    package var reason: String

    package init(deploymentID: String, by: String, reason: String) {
        self.deploymentID = deploymentID
        self.by = by
        self.reason = reason
    }

    package init(decoding json: JSON) throws(JSONError) {
        deploymentID = try json.requiredString("deploymentId")
        by = try json.string("by") ?? ""
        reason = try json.string("reason") ?? ""
    }

    package func write(to object: inout ObjectWriter) {
        object.member("deploymentId", deploymentID)
        object.member("by", by)
        object.member("reason", reason)
    }
}
