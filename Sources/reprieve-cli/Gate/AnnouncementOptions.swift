// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol

/// The announced update, and how long its gate waits for which components.
struct AnnouncementOptions: ParsableArguments {
    @Option(
        name: .customLong("deployment-id"),
        help: "The update's id, or @NAME (default: a new one, printed but for --quiet -- COMMAND).",
        completion: .updates,
        transform: UpdateArgument.init(argument:)
    )
    var update: UpdateArgument?

    @Option(help: "Why the update is made, for the components and the history.")
    var reason: String?

    @Option(
        help: ArgumentHelp(
            "What the update stops: \(Disruption.allCases.map(\.rawValue).joined(separator: ", "))"
                + " (default: components).",
            valueName: "kind"
        )
    )
    var disruption: Disruption?

    @Flag(help: "The update restarts the nucleus, and with it all components.")
    var restartsNucleus = false

    @Option(
        help: ArgumentHelp(
            "A component that the update concerns; repeatable (default: all).",
            valueName: "name"
        ),
        completion: .components,
        transform: checkedName
    )
    var component: [String] = []

    @Flag(
        help: ArgumentHelp(
            "Announce the update even if no known component has a name given with --component."
                + " Otherwise this is an error (\(ExitStatus.unknown.rawValue)). A name is known"
                + " if a component is connected under it, or the configuration, the tokens or the"
                + " history have it."
        )
    )
    var allowUnmatched = false

    @Option(
        help: ArgumentHelp(
            "A component that the gate waits for even while it is not connected, as long as it may"
                + " take to answer; repeatable.",
            valueName: "name"
        ),
        completion: .components,
        transform: checkedName
    )
    var require: [String] = []

    @Option(
        help: ArgumentHelp(
            "What follows when a required component is not connected in time (default: what"
                + " reprieved is configured with, else refuse)."
        )
    )
    var onAbsence: OnAbsence?

    @Option(
        help: ArgumentHelp(
            "How long a component may take to answer (default: what reprieved is configured with,"
                + " else \(Defaults.responseTimeoutText)). With 0 components are told, and not"
                + " asked.",
            valueName: "duration"
        ),
        transform: milliseconds
    )
    var responseTimeout: Int64?

    @Option(
        help: ArgumentHelp(
            "When the wait ends at the latest: the gate opens, or the update is refused (default:"
                + " what reprieved is configured with, else \(Defaults.deadlineText)).",
            valueName: "duration"
        ),
        transform: milliseconds
    )
    var deadline: Int64?

    @Option(
        help: ArgumentHelp(
            "The longest deferral that one answer is granted (default: what reprieved is"
                + " configured with, else \(Defaults.maxDeferText)).",
            valueName: "duration"
        ),
        transform: milliseconds
    )
    var maxDefer: Int64?

    @Option(
        help: ArgumentHelp(
            "How long one component may block the update, all in all (default: what reprieved is"
                + " configured with, else \(Defaults.maxTotalDeferText)).",
            valueName: "duration"
        ),
        transform: milliseconds
    )
    var maxTotalDefer: Int64?

    @Option(
        help: ArgumentHelp(
            "What follows when a component does not answer in time (default: what reprieved is"
                + " configured with, else proceed)."
        )
    )
    var onSilence: OnSilence?

    @Option(
        help: ArgumentHelp(
            "What follows when a component still blocks at the deadline (default: what reprieved is"
                + " configured with, else proceed)."
        )
    )
    var onDeadline: OnDeadline?

    @Flag(help: "Neither tell nor ask any component.")
    var skipNotify = false

    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Whether the gate waits for updates that are under way and stop the same components,"
                + " or the nucleus, and whether others wait for this one."
        )
    )
    var exclusive = true

    func request(_ id: String, reboots: Bool, completesLater: Bool) -> GateRequest {
        var request = GateRequest(
            deploymentID: id,
            reason: update?.reason(reason) ?? reason,
            disruption: disruption(reboots: reboots),
            components: component.isEmpty ? nil : component,
            policy: policy
        )
        request.exclusive = exclusive
        request.completesLater = completesLater
        request.refusesUnknown = !component.isEmpty && !allowUnmatched
        return request
    }

    func disruption(reboots: Bool) -> Disruption {
        disruption ?? (reboots ? .reboot : restartsNucleus ? .nucleus : .components)
    }

    func validate() throws {
        guard !skipNotify || require.isEmpty else {
            throw ValidationError("--skip-notify asks no component: it contradicts --require")
        }
    }

    /// Nothing is said of the update but its id.
    var isPlain: Bool {
        var request = request("", reboots: false, completesLater: false)
        request.reason = reason
        return request == GateRequest(deploymentID: "")
    }

    func checkDisruption(reboots: Bool) throws {
        guard let disruption else { return }
        let text = "--disruption \(disruption.rawValue) contradicts "
        guard disruption.stopsNucleus || !restartsNucleus else {
            throw ValidationError(text + "--restarts-nucleus")
        }
        guard disruption.stopsMachine || !reboots else {
            throw ValidationError(text + "--reboots")
        }
    }

    private var policy: PolicyShape {
        var policy = PolicyShape()
        policy.action = skipNotify ? .skip : nil
        policy.responseTimeoutMs = responseTimeout
        policy.deadlineMs = deadline
        policy.maxDeferMs = maxDefer
        policy.maxTotalDeferMs = maxTotalDefer
        policy.onSilence = onSilence
        policy.onAbsence = onAbsence
        policy.onDeadline = onDeadline
        policy.require = require.isEmpty ? nil : require
        return policy
    }
}
