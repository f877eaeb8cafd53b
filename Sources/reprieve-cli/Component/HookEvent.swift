// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The event for which a hook runs. The hook finds it in its environment.
enum HookEvent: Hashable, Sendable {
    case notice(PreUpdateEvent, at: ContinuousClock.Instant)
    case outcome(PostUpdateEvent)

    var deploymentID: String {
        switch self {
        case .notice(let notice, _): notice.deploymentID
        case .outcome(let post): post.deploymentID
        }
    }

    var isOutcome: Bool {
        if case .outcome = self { true } else { false }
    }

    /// Every variable is always set, so that none is inherited from an outer hook.
    func environment(at now: ContinuousClock.Instant) -> [(name: String, value: String)] {
        var values = [
            "EVENT": isOutcome ? "outcome" : "notice", "DEPLOYMENT_ID": deploymentID,
        ]
        switch self {
        case .notice(let notice, let arrival):
            let age = Int64((now - arrival) / Duration.milliseconds(1))
            values.merge(notice.variables(age: age)) { $1 }
        case .outcome(let post):
            values["OUTCOME"] = (post.outcome ?? .unknown).rawValue
            values["MESSAGE"] = post.message
        }
        return Self.names.map { ("REPRIEVE_" + $0, values[$0] ?? "") }
    }

    private static let names = [
        "EVENT", "DEPLOYMENT_ID", "REASON", "DISRUPTION", "RESTARTS_NUCLEUS", "COMPONENTS",
        "COMPONENTS_COUNT", "ROUND", "FINAL", "LAST_CALL", "RESPOND_BY_MS", "DEADLINE_IN_MS",
        "MAX_DEFER_MS", "OUTCOME",
        "MESSAGE",
    ]
}

extension PreUpdateEvent {
    fileprivate func variables(age: Int64) -> [String: String] {
        var values = [
            "DISRUPTION": disruption.rawValue,
            "RESTARTS_NUCLEUS": String(disruption.stopsNucleus),
            "FINAL": String(isFinal),
            "LAST_CALL": String(lastCall),
        ]
        values["REASON"] = reason
        if let components {
            values.merge(reprieve_cli.variables("COMPONENTS", components)) { $1 }
        }
        values["ROUND"] = round.map { String($0) }
        values["RESPOND_BY_MS"] = respondByMs.map { String(max(0, $0 - age)) }
        values["DEADLINE_IN_MS"] = deadlineInMs.map { String(max(0, $0 - age)) }
        values["MAX_DEFER_MS"] = maxDeferMs.map { String($0) }
        return values
    }
}
