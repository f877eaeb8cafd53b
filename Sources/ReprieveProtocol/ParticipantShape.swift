// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

/// Where one participant of an update stands.
package struct ParticipantShape: Shape {
    package var component: String
    /// Nil for a state of a later version.
    package var state: ParticipantState?
    package var sinceMs: Int64
    package var untilMs: Int64?
    package var message: String?
    package var deferrals: Int64
    package var blockedMs: Int64
    package var remainingMs: Int64
    /// Without its yes the update does not go ahead.
    package var veto: Bool
    /// Of several processes those that it waits for.
    package var pids: [Int64]

    package init(
        component: String,
        state: ParticipantState,
        sinceMs: Int64,
        untilMs: Int64?,
        message: String?,
        deferrals: Int64,
        blockedMs: Int64,
        remainingMs: Int64,
        veto: Bool = false,
        pids: [Int64] = []
    ) {
        self.component = component
        self.state = state
        self.sinceMs = sinceMs
        self.untilMs = untilMs
        self.message = message
        self.deferrals = deferrals
        self.blockedMs = blockedMs
        self.remainingMs = remainingMs
        self.veto = veto
        self.pids = pids
    }

    package init(decoding json: JSON) throws(JSONError) {
        component = try json.requiredString("component")
        state = ParticipantState(rawValue: try json.requiredString("state"))
        sinceMs = try json.time("sinceMs") ?? 0
        untilMs = try json.time("untilMs")
        message = try json.string("message")
        deferrals = try json.integer("deferrals") ?? 0
        blockedMs = try json.time("blockedMs") ?? 0
        remainingMs = try json.time("remainingMs") ?? 0
        veto = try json.bool("veto") ?? false
        pids = try json.integers("pids")
    }

    package func write(to object: inout ObjectWriter) {
        object.member("component", component)
        object.member("state", stateText)
        object.member("sinceMs", sinceMs)
        object.member("untilMs", untilMs)
        object.member("message", message)
        object.member("deferrals", deferrals)
        object.member("blockedMs", blockedMs)
        object.member("remainingMs", remainingMs)
        object.flag("veto", veto)
        if !pids.isEmpty { object.member("pids", pids) }
    }
}

extension ParticipantShape {
    /// The state for people.
    package var stateText: String { state?.rawValue ?? "unknown" }
}
