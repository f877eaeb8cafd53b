// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveProtocol

enum ProceedOrRefuse: String, CaseIterable, ExpressibleByArgument {
    case proceed
    case refuse
}

/// What is announced, and how long for whom.
struct AnnouncementOptions: ParsableArguments {
    @Option(
        help: "The update's id (default: a new one, which is printed).",
        transform: checkedDeploymentID
    )
    var deploymentID: String?

    @Option(help: "Why the update is made, for the components and the history.")
    var reason: String?

    @Flag(help: "The update restarts the nucleus, and with it all components.")
    var restartsNucleus = false

    @Option(
        help: ArgumentHelp(
            "A component that the update concerns; repeatable (default: all).",
            valueName: "name"
        ),
        transform: checkedName
    )
    var component: [String] = []

    @Option(
        help: ArgumentHelp(
            "A component that is waited for even while it is not there; repeatable.",
            valueName: "name"
        ),
        transform: checkedName
    )
    var require: [String] = []

    @Option(
        help: ArgumentHelp(
            "How long a component may take to answer (default: \(Defaults.responseTimeoutText)); 0 tells, and asks nobody.",
            valueName: "duration"
        ),
        transform: milliseconds
    )
    var responseTimeout: Int64?

    @Option(
        help: ArgumentHelp(
            "When the gate opens at the latest (default: \(Defaults.deadlineText)).",
            valueName: "duration"
        ),
        transform: milliseconds
    )
    var deadline: Int64?

    @Option(
        help: ArgumentHelp(
            "The longest deferral that one answer is granted (default: \(Defaults.maxDeferText)).",
            valueName: "duration"
        ),
        transform: milliseconds
    )
    var maxDefer: Int64?

    @Option(
        help: ArgumentHelp(
            "How long one component may hold the update back in all (default: \(Defaults.maxTotalDeferText)).",
            valueName: "duration"
        ),
        transform: milliseconds
    )
    var maxTotalDefer: Int64?

    @Option(help: "What follows when a component does not answer in time (default: proceed).")
    var onSilence: ProceedOrRefuse?

    @Flag(help: "Tell and ask nobody.")
    var skipNotify = false

    func request(_ id: String) -> GateRequest {
        GateRequest(
            deploymentID: id,
            reason: reason,
            isGgcRestarting: restartsNucleus,
            components: component.isEmpty ? nil : component,
            policy: policy
        )
    }

    private var policy: PolicyShape {
        var policy = PolicyShape()
        policy.action = skipNotify ? .skip : nil
        policy.responseTimeoutMs = responseTimeout
        policy.deadlineMs = deadline
        policy.maxDeferMs = maxDefer
        policy.maxTotalDeferMs = maxTotalDefer
        policy.onSilence = onSilence.flatMap { OnSilence(rawValue: $0.rawValue) }
        policy.require = require.isEmpty ? nil : require
        return policy
    }
}

/// An id that nobody else has.
func newDeploymentID() -> String {
    let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
    return "gate-" + String(repeating: "0", count: 16 - digits.count) + digits
}
