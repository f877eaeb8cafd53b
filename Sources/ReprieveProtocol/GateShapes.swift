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

    package var json: JSON {
        let policy = policy.json
        return .members(
            .init("deploymentId", .string(deploymentID)),
            .init(optional: "reason", reason.map(JSON.string)),
            .init(flag: "isGgcRestarting", disruption.stopsNucleus),
            .init(flag: "reboots", disruption.stopsMachine),
            .init(optional: "disruption", disruption.requestedWord),
            .init(optional: "components", components.map(JSON.strings)),
            .init(flag: "refuseUnknown", refusesUnknown),
            exclusive ? nil : .init("exclusive", .bool(false)),
            .init(flag: "completesLater", completesLater),
            policy == [:] ? nil : .init("policy", policy)
        )
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

    package var json: JSON {
        .members(
            .init(optional: "action", (action?.rawValue).map(JSON.string)),
            .init(optional: "responseTimeoutMs", responseTimeoutMs.map(JSON.integer)),
            .init(optional: "deadlineMs", deadlineMs.map(JSON.integer)),
            .init(optional: "maxDeferMs", maxDeferMs.map(JSON.integer)),
            .init(optional: "maxTotalDeferMs", maxTotalDeferMs.map(JSON.integer)),
            .init(optional: "onSilence", (onSilence?.rawValue).map(JSON.string)),
            .init(optional: "require", require.map(JSON.strings)),
            .init(optional: "onAbsence", (onAbsence?.rawValue).map(JSON.string)),
            .init(optional: "onDeadline", (onDeadline?.rawValue).map(JSON.string))
        )
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

    package var json: JSON {
        .members(
            .init("deploymentId", .string(deploymentID)),
            .init("participants", .strings(participants)),
            .init("attached", .bool(attached)),
            .init("unmatched", .strings(unmatched))
        )
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

    package var json: JSON {
        switch self {
        case .progress(let update): ["progress": update.json]
        case .released(let released): ["released": released.json]
        case .refused(let refused): ["refused": refused.json]
        case .cancelled(let cancelled): ["cancelled": cancelled.json]
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

    package var json: JSON {
        .members(
            .init("deploymentId", .string(deploymentID)),
            .init("basis", .string(basis.rawValue)),
            .init("waitedMs", .integer(waitedMs)),
            .init("participants", .strings(participants)),
            .init("silent", .strings(silent)),
            .init("overridden", .strings(overridden)),
            .init(flag: "joined", joined)
        )
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

    package var json: JSON {
        .members(
            .init("deploymentId", .string(deploymentID)),
            .init("by", .string(by)),
            .init("reason", .string(reason))
        )
    }
}
