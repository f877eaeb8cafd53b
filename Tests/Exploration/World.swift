// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// A small world: its components and coordinators, and how often each may do what. Its
/// clock ticks in seconds.
struct World: Sendable {
    /// A component, and what it may do.
    struct Role: Sendable {
        var name: ComponentName
        /// For each connection that it opens, in turn, whether it acts on a final notice.
        var confirm = [false]
        /// For each connection, whether it ever subscribes, and which process it belongs to.
        var listens = [true]
        var processes: [Int32] = [0]
        /// Connections open before the first move, and how many more may come.
        var present = 1
        var subscribes = 0
        var hangUps = 0
        /// How many of its connections the upstream ends.
        var losses = 0
        var unsubscribes = 0
        var acknowledges = 2
        var defers = 1
    }

    var name: String
    var roles: [Role]
    var policies = [Policy.small()]
    var components: [ComponentName]?
    /// Patterns that the operator has rules for, and rules that settle something.
    var patterns: [String] = []
    var rules: [ComponentRule] = []
    /// The updates that are not exclusive, and those that are a shutdown of the machine.
    var shared: Set<Int> = []
    var shutdowns: Set<Int> = []
    /// How many updates are announced before the first move.
    var announced = 1
    /// How often each update may be announced, by however many coordinators, and the processes of
    /// these in turn.
    var announces = [1]
    var processes: [Int32] = [0]
    /// How often another request is announced with the id of an update that is there.
    var otherRequests = 0
    var leaves = 0
    var forces = 0
    var cancels = 0
    var completes = 0
    var restarts = 0
    /// How long a restart takes.
    var downtime = 0
    var sleeps = 0
    var deferrals = [2]
    /// The least that is granted.
    var leastDeferral = 1
    /// How many final askings an update has.
    var finalAskings = 3
    var sleep = 3
    var horizon = 7

    var settings: Settings {
        var settings = Settings()
        settings.reconnectGrace = .seconds(1)
        settings.completionLimit = .seconds(3)
        settings.applyGrace = .seconds(2)
        settings.minimumDeferral = .seconds(leastDeferral)
        settings.maximumFinalAskings = finalAskings
        settings.rules = patterns.map { ComponentRule(pattern: $0) } + rules
        return settings
    }

    func request(_ index: Int) -> UpdateRequest {
        var request = UpdateRequest(
            deploymentID: "d-\(index + 1)",
            components: components,
            policy: policies[index],
            asSent: [UInt8(index)]
        )
        request.isExclusive = !shared.contains(index)
        request.isShutdown = shutdowns.contains(index)
        return request
    }
}

extension ComponentRule {
    /// A rule that sets these limits, in ticks.
    init(
        _ pattern: String,
        maxDefer: Int? = nil,
        budget: Int? = nil,
        isRequired: Bool? = nil,
        isVeto: Bool? = nil
    ) {
        self.init(pattern: pattern)
        self.isVeto = isVeto
        self.maxDefer = maxDefer.map { .seconds($0) }
        maxTotalDefer = budget.map { .seconds($0) }
        self.isRequired = isRequired
    }
}

extension Policy {
    /// Limits so small that short histories reach them.
    static func small(
        notification: Notification = .notify,
        response: Int = 2,
        deadline: Int = 20,
        maxDefer: Int = 3,
        budget: Int = 20,
        onSilence: OnSilence = .proceed,
        require: [ComponentName] = [],
        onAbsence: OnAbsence = .refuse,
        onDeadline: OnDeadline = .proceed
    ) -> Policy {
        Policy(
            notification: notification,
            responseTimeout: .seconds(response),
            deadline: .seconds(deadline),
            maxDefer: .seconds(maxDefer),
            maxTotalDefer: .seconds(budget),
            onSilence: onSilence,
            require: require,
            onAbsence: onAbsence,
            onDeadline: onDeadline
        )
    }
}
