// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

/// What `reprieve status --json` prints: `reprieve#GetStatusResponse`.
package struct StatusShape: Shape {
    package var updates: [UpdateShape]
    package var components: [ComponentShape]
    /// The components that the operator requires and that are not connected.
    package var missing: [String]
    /// Those that were refused something first, then those nearest to a limit.
    package private(set) var accounts: [AccountShape] = []
    /// Accounts that are not listed; nil where all are.
    package private(set) var omittedAccounts: Int64?
    package var tokensFile: TokensFileShape?
    /// What the machine's shutdown is inhibited by.
    package var inhibitors: [InhibitorShape] = []
    /// What holds for an update that does not say otherwise.
    package var policy: PolicyShape?
    /// Nil where no upstream is configured.
    package var upstream: UpstreamShape?

    package init(
        updates: [UpdateShape],
        components: [ComponentShape],
        missing: [String] = []
    ) {
        self.updates = updates
        self.components = components
        self.missing = missing
    }

    /// Lists the first of these accounts, and counts the others.
    package mutating func list(_ accounts: [AccountShape]) {
        self.accounts = Array(accounts.prefix(Limits.statusAccounts))
        let left = accounts.count - self.accounts.count
        omittedAccounts = left > 0 ? Int64(left) : nil
    }

    package init(decoding json: JSON) throws(JSONError) {
        updates = try json.shapes("updates")
        components = try json.shapes("components")
        missing = try json.strings("missing") ?? []
        accounts = try json.shapes("accounts")
        omittedAccounts = try json.integer("omittedAccounts")
        inhibitors = try json.shapes("inhibitors")
        policy = try json.object("policy").map(PolicyShape.init(decoding:))
        tokensFile = try json.object("tokensFile").map(TokensFileShape.init(decoding:))
        upstream = try json.object("upstream").map(UpstreamShape.init(decoding:))
    }

    package func write(to object: inout ObjectWriter) {
        object.member("updates", updates)
        object.member("components", components)
        if !missing.isEmpty { object.member("missing", missing) }
        if !accounts.isEmpty { object.member("accounts", accounts) }
        object.member("omittedAccounts", omittedAccounts)
        object.member("tokensFile", tokensFile)
        if !inhibitors.isEmpty { object.member("inhibitors", inhibitors) }
        object.member("policy", policy)
        object.member("upstream", upstream)
    }
}

/// `reprieve#StatusEvents`.
package struct StatusEvent: Shape {
    package var status: StatusShape

    package init(status: StatusShape) {
        self.status = status
    }

    package init(decoding json: JSON) throws(JSONError) {
        status = try StatusShape(decoding: json.required("status", json.object("status")))
    }

    package func write(to object: inout ObjectWriter) {
        object.member("status", status)
    }
}

/// One update: an entry of `updates`, and the `progress` of a gate. Durations count from now.
package struct UpdateShape: Shape {
    package enum State: String, CaseIterable, Hashable, Sendable {
        case waiting
        case released
    }

    package var deploymentID: String
    /// Nil for a state of a later version.
    package var state: State?
    package var reason: String?
    package var disruption: Disruption
    package var ageMs: Int64
    package var deadlineInMs: Int64
    /// Until the last call before the deadline; nil when its time has come, and after the release.
    package var lastCallInMs: Int64?
    /// How long ago the gate opened; nil while it waits.
    package var releasedMs: Int64?
    /// What follows if a required component stays absent; nil where none is absent.
    package var onAbsence: OnAbsence?
    /// What follows if a component does not answer in time; nil where the update goes ahead.
    package var onSilence: OnSilence?
    /// What follows if a component blocks it at its deadline; nil where the update goes ahead.
    package var onDeadline: OnDeadline?
    package var blockedBy: [String]
    package var participants: [ParticipantShape]
    /// Participants that are not listed, for want of room; nil where all are.
    package var omitted: Int64?

    package init(
        deploymentID: String,
        state: State,
        reason: String?,
        disruption: Disruption,
        ageMs: Int64,
        deadlineInMs: Int64,
        blockedBy: [String],
        participants: [ParticipantShape]
    ) {
        self.deploymentID = deploymentID
        self.state = state
        self.reason = reason
        self.disruption = disruption
        self.ageMs = ageMs
        self.deadlineInMs = deadlineInMs
        self.blockedBy = blockedBy
        self.participants = participants
    }

    package init(decoding json: JSON) throws(JSONError) {
        deploymentID = try json.requiredString("deploymentId")
        state = State(rawValue: try json.requiredString("state"))
        reason = try json.string("reason")
        disruption = try json.disruption()
        ageMs = try json.time("ageMs") ?? 0
        deadlineInMs = try json.time("deadlineInMs") ?? 0
        lastCallInMs = try json.time("lastCallInMs")
        releasedMs = try json.time("releasedMs")
        onAbsence = try json.string("onAbsence").flatMap(OnAbsence.init)
        onSilence = try json.string("onSilence").flatMap(OnSilence.init)
        onDeadline = try json.string("onDeadline").flatMap(OnDeadline.init)
        blockedBy = try json.strings("blockedBy") ?? []
        participants = try json.shapes("participants")
        omitted = try json.integer("omitted")
    }

    package func write(to object: inout ObjectWriter) {
        object.member("deploymentId", deploymentID)
        object.member("state", stateText)
        object.member("reason", reason)
        object.member("isGgcRestarting", disruption.stopsNucleus)
        object.member("disruption", disruption.rawValue)
        object.member("ageMs", ageMs)
        object.member("deadlineInMs", deadlineInMs)
        object.member("lastCallInMs", lastCallInMs)
        object.member("releasedMs", releasedMs)
        object.member("onAbsence", onAbsence?.rawValue)
        object.member("onSilence", onSilence?.rawValue)
        object.member("onDeadline", onDeadline?.rawValue)
        object.member("blockedBy", blockedBy)
        object.member("participants", participants)
        object.member("omitted", omitted)
    }
}

extension UpdateShape {
    /// The ids of the updates in `blockedBy`. No component's name has a space.
    package var updatesWaitedFor: [String] {
        blockedBy.filter { $0.hasPrefix("update ") }.map { String($0.dropFirst(7)) }
    }
}

/// A component that has a connection.
package struct ComponentShape: Shape {
    package var component: String
    package var connections: Int64
    package var pids: [Int64]
    package var unit: String?

    package init(component: String, connections: Int64, pids: [Int64], unit: String? = nil) {
        self.component = component
        self.connections = connections
        self.pids = pids
        self.unit = unit
    }

    package init(decoding json: JSON) throws(JSONError) {
        component = try json.requiredString("component")
        connections = try json.integer("connections") ?? 0
        pids = try json.integers("pids")
        unit = try json.string("unit")
    }

    package func write(to object: inout ObjectWriter) {
        object.member("component", component)
        object.member("connections", connections)
        object.member("pids", pids)
        object.member("unit", unit)
    }
}

extension UpdateShape {
    /// The state for people.
    package var stateText: String { state?.rawValue ?? "unknown" }
}

extension JSON {
    func shapes<Element: Shape>(_ name: String) throws(JSONError) -> [Element] {
        guard case .array(let elements)? = self[name] else { return [] }
        var shapes: [Element] = []
        for element in elements { shapes.append(try Element(decoding: element)) }
        return shapes
    }

    func integers(_ name: String) throws(JSONError) -> [Int64] {
        guard case .array(let elements)? = self[name] else { return [] }
        var integers: [Int64] = []
        for element in elements {
            guard case .integer(let integer) = element else {
                throw JSONError("\(name): expected integers")
            }
            integers.append(integer)
        }
        return integers
    }
}
