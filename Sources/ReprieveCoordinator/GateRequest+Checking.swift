// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

extension GateRequest {
    /// Throws a `GateError` if the update or its policy is not valid.
    init(_ update: Update, _ policy: GatePolicy) throws(GateError) {
        try check(update.id)
        try check(update.components, "components")
        try check(policy.required, "required")
        self.init(
            deploymentID: update.id,
            reason: update.reason,
            disruption: update.disruption,
            components: update.components.isEmpty ? nil : update.components,
            policy: try PolicyShape(policy)
        )
        exclusive = update.isExclusive
        completesLater = update.completesLater
        refusesUnknown = !update.components.isEmpty && !policy.allowsUnmatched
    }
}

extension CompleteRequest {
    init(_ id: String, _ outcome: Outcome, _ message: String?) throws(GateError) {
        try check(id)
        guard Outcome.reportable.contains(outcome) else {
            let words = "applied, failed or rolledBack, not \(outcome.rawValue)"
            throw GateError(code: .invalid, message: "an update is completed as \(words)")
        }
        self.init(deploymentID: id, outcome: outcome, message: message)
    }
}

private func check(_ id: String) throws(GateError) {
    let count = id.utf8.count
    guard !(1...Limits.deploymentID).contains(count) else { return }
    let message = "an update's id has 1 to \(Limits.deploymentID) bytes, this one has \(count)"
    throw GateError(code: .invalid, message: message)
}

private func check(_ names: [String], _ place: String) throws(GateError) {
    guard names.count <= Limits.names else {
        let message = "\(place): \(names.count) names, the maximum is \(Limits.names)"
        throw GateError(code: .invalid, message: message)
    }
    for name in names where !isComponentName(name) {
        let message = "\(place): \(quoted(name)) is not a component name"
        throw GateError(code: .invalid, message: message)
    }
}

extension PolicyShape {
    fileprivate init(_ policy: GatePolicy) throws(GateError) {
        self.init()
        action = policy.isSilent ? .skip : nil
        responseTimeoutMs = try milliseconds(policy.responseTimeout, "responseTimeout")
        deadlineMs = try milliseconds(policy.deadline, "deadline")
        maxDeferMs = try milliseconds(policy.maximumDeferral, "maximumDeferral")
        maxTotalDeferMs = try milliseconds(policy.maximumTotalDeferral, "maximumTotalDeferral")
        onSilence = policy.onSilence
        onAbsence = policy.onAbsence
        onDeadline = policy.onDeadline
        require = policy.required.isEmpty ? nil : policy.required
    }
}

/// Rounded down, as all durations on the wire, but never from more than 0 to 0.
private func milliseconds(_ duration: Duration?, _ place: String) throws(GateError) -> Int64? {
    guard let duration else { return nil }
    guard duration >= .zero, duration <= .milliseconds(longestDuration) else {
        let message = "\(place): \(duration) is not between 0 and a century"
        throw GateError(code: .invalid, message: message)
    }
    let (seconds, attoseconds) = duration.components
    let whole = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    return duration > .zero ? max(1, whole) : 0
}
