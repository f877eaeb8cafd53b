// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

/// `reprieve#GetHistoryRequest`.
package struct HistoryRequest: Shape {
    /// The most decisions wanted; nil wants all that are remembered.
    package var limit: Int64?
    /// Only decisions on this update.
    package var deploymentID: String?

    package init(limit: Int64? = nil, deploymentID: String? = nil) {
        self.limit = limit
        self.deploymentID = deploymentID
    }

    package init(decoding json: JSON) throws(JSONError) {
        limit = try json.integer("limit")
        if let limit, limit < 0 { throw JSONError("limit: \(limit) is negative") }
        deploymentID = try json.string("deploymentId") == nil ? nil : json.deploymentID()
    }

    package func write(to object: inout ObjectWriter) {
        object.member("limit", limit)
        object.member("deploymentId", deploymentID)
    }
}

/// What `reprieve history --json` prints: `reprieve#GetHistoryResponse`. Newest first.
package struct HistoryShape: Shape {
    package var decisions: [DecisionShape]

    package init(decisions: [DecisionShape]) {
        self.decisions = decisions
    }

    package init(decoding json: JSON) throws(JSONError) {
        decisions = try json.shapes("decisions")
    }

    package func write(to object: inout ObjectWriter) {
        object.member("decisions", decisions)
    }

    /// The same where the decisions are encoded already.
    package static func encoded(with decisions: [[UInt8]]) -> [UInt8] {
        var object = ObjectWriter()
        object.member("decisions", encoded: decisions)
        return object.finished()
    }
}

/// What was decided about one update, on what ground, and what became of it. Its instants are
/// milliseconds since 1970 as the device's clock had them, and are only for reading.
package struct DecisionShape: Shape {
    package var deploymentID: String
    package var reason: String?
    package var disruption = Disruption.components
    package var announcedAtMs: Int64 = 0
    /// How long it waited, until its gate opened or it was withdrawn.
    package var waitedMs: Int64 = 0
    /// Absent where the gate never opened, as is `basis`.
    package var releasedAtMs: Int64?
    package var basis: Basis?
    package var forced: ByWhomShape?
    package var refused: ByWhomShape?
    package var cancelled: ByWhomShape?
    /// Absent until it is known.
    package var outcome: Outcome?
    package var message: String?
    package var endedAtMs: Int64?
    package var participants: [DecidedParticipantShape] = []
    /// Participants for which there was no room.
    package var omitted: Int64 = 0
    /// How many of those were overridden.
    package var omittedOverridden: Int64 = 0

    package init(deploymentID: String) {
        self.deploymentID = deploymentID
    }

    package init(decoding json: JSON) throws(JSONError) {
        deploymentID = try json.requiredString("deploymentId")
        reason = try json.string("reason")
        disruption = try json.disruption()
        announcedAtMs = try json.requiredInteger("announcedAtMs")
        waitedMs = try json.required("waitedMs", json.time("waitedMs"))
        releasedAtMs = try json.integer("releasedAtMs")
        basis = try json.string("basis").map { Basis(wire: $0) }
        forced = try json.byWhom("forced")
        refused = try json.byWhom("refused")
        cancelled = try json.byWhom("cancelled")
        outcome = try json.string("outcome").map { Outcome(wire: $0) }
        message = try json.string("message")
        endedAtMs = try json.integer("endedAtMs")
        participants = try json.shapes("participants")
        omitted = try json.integer("omitted") ?? 0
        omittedOverridden = try json.integer("omittedOverridden") ?? 0
    }

    package func write(to object: inout ObjectWriter) {
        write(to: &object) { $0.member("participants", participants) }
    }

    /// The same where the participants are encoded already.
    package func encoded(with participants: [[UInt8]]) -> [UInt8] {
        var object = ObjectWriter()
        write(to: &object) { $0.member("participants", encoded: participants) }
        return object.finished()
    }

    private func write(
        to object: inout ObjectWriter,
        _ writeParticipants: (inout ObjectWriter) -> Void
    ) {
        object.member("deploymentId", deploymentID)
        object.member("reason", reason)
        object.member("isGgcRestarting", disruption.stopsNucleus)
        object.member("disruption", disruption.rawValue)
        object.member("announcedAtMs", announcedAtMs)
        object.member("waitedMs", waitedMs)
        object.member("releasedAtMs", releasedAtMs)
        object.member("basis", basis?.rawValue)
        object.member("forced", forced)
        object.member("refused", refused)
        object.member("cancelled", cancelled)
        object.member("outcome", outcome?.rawValue)
        object.member("message", message)
        object.member("endedAtMs", endedAtMs)
        writeParticipants(&object)
        object.count("omitted", omitted)
        object.count("omittedOverridden", omittedOverridden)
    }
}

/// The process or component that did it, and why.
package struct ByWhomShape: Shape {
    package var by: String
    package var reason: String

    package init(by: String, reason: String) {
        self.by = by
        self.reason = reason
    }

    package init(decoding json: JSON) throws(JSONError) {
        by = try json.requiredString("by")
        reason = try json.requiredString("reason")
    }

    package func write(to object: inout ObjectWriter) {
        object.member("by", by)
        object.member("reason", reason)
    }
}

/// Where a component stood when it was decided, and what it had done till then.
package struct DecidedParticipantShape: Shape {
    package var component: String
    /// Nil for a state of a later version.
    package var state: ParticipantState?
    /// When it came to that state, in milliseconds since 1970.
    package var sinceAtMs: Int64?
    /// How many rounds it was asked in. 0: it was never there.
    package var rounds: Int64 = 0
    package var deferrals: Int64 = 0
    /// How long it blocked the update, all in all.
    package var blockedMs: Int64 = 0
    package var lastDeferral: LastDeferralShape?
    /// The last thing it said.
    package var message: String?

    package init(
        component: String,
        state: ParticipantState,
        sinceAtMs: Int64? = nil,
        rounds: Int64 = 0,
        deferrals: Int64 = 0,
        blockedMs: Int64 = 0,
        lastDeferral: LastDeferralShape? = nil,
        message: String? = nil
    ) {
        self.component = component
        self.state = state
        self.sinceAtMs = sinceAtMs
        self.rounds = rounds
        self.deferrals = deferrals
        self.blockedMs = blockedMs
        self.lastDeferral = lastDeferral
        self.message = message
    }

    package init(decoding json: JSON) throws(JSONError) {
        component = try json.requiredString("component")
        state = ParticipantState(rawValue: try json.requiredString("state"))
        sinceAtMs = try json.integer("sinceAtMs")
        rounds = try json.integer("rounds") ?? 0
        deferrals = try json.integer("deferrals") ?? 0
        blockedMs = try json.time("blockedMs") ?? 0
        if let deferral = try json.object("lastDeferral") {
            lastDeferral = try LastDeferralShape(decoding: deferral)
        }
        message = try json.string("message")
    }

    package func write(to object: inout ObjectWriter) {
        object.member("component", component)
        object.member("state", stateText)
        object.member("sinceAtMs", sinceAtMs)
        object.member("rounds", rounds)
        object.member("deferrals", deferrals)
        object.member("blockedMs", blockedMs)
        object.member("lastDeferral", lastDeferral)
        object.member("message", message)
    }
}

extension DecidedParticipantShape {
    /// The state for people.
    package var stateText: String { state?.rawValue ?? "unknown" }
}

/// The last deferral that a component was granted, and why it asked for it.
package struct LastDeferralShape: Shape {
    package var grantedMs: Int64
    package var message: String?

    package init(grantedMs: Int64, message: String?) {
        self.grantedMs = grantedMs
        self.message = message
    }

    package init(decoding json: JSON) throws(JSONError) {
        grantedMs = try json.required("grantedMs", json.time("grantedMs"))
        message = try json.string("message")
    }

    package func write(to object: inout ObjectWriter) {
        object.member("grantedMs", grantedMs)
        object.member("message", message)
    }
}

extension JSON {
    fileprivate func byWhom(_ name: String) throws(JSONError) -> ByWhomShape? {
        guard let value = try object(name) else { return nil }
        return try ByWhomShape(decoding: value)
    }
}
