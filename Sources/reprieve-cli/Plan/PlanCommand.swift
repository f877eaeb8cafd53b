// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Deployments

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Shows what a Greengrass deployment will do, before anything happens.",
        discussion: """
            For a device that is new in the deployment's group, and for one that is there, it \
            shows the version of each component before and after, and whose range decided. It \
            shows what restarts and why, which components are asked, and whether the deployment \
            is refused and what to do then. No broker and no network are needed.

            FILE is what `aws greengrassv2 get-deployment` prints, or the document that a device \
            receives, or the older form with "Packages".

            Versions are found as a nucleus does: the highest that all dependants accept. A \
            nucleus that the deployment does not name changes its patch only. Ranges are those \
            of npm. The nucleus and all components restart if the nucleus changes, if a \
            component with a bootstrap step is new or has another version, if such a step may \
            have changed with a configuration or another component, if a plugin changes or is \
            removed, or if the deployment sets what the nucleus only reads when it starts. \
            Otherwise the components that change, are configured or run with another user or \
            limits (runWith) restart, and those that have a hard dependency on them or use their \
            values. What is not known is a warning, and a gate asks more components for it.

            The files are JSON. That of --installed:

              {"components": {NAME: VERSION}, "groups": {GROUP: {NAME: RANGE}},
               "group": GROUP, "plugins": [NAME], "nucleusUnit": UNIT}

            All but "components" may be absent. "group" is that of the deployment, "groups" are \
            all groups of the device, with or without thinggroup/ before the name. Without \
            "groups", a component that the deployment does not need is removed. "nucleusUnit" is \
            the systemd unit of the nucleus: without a unit that runs, the nucleus cannot be \
            updated, and a warning says so. That of --catalogue:

              {NAME: {VERSION: {"dependencies": {NAME: {"range": RANGE, "type": "HARD"}},
                                "type": "generic", "bootstrap": false}}}

            "type" of a dependency is HARD or SOFT. Write HARD also where a recipe has a \
            placeholder such as {com.example.App:artifacts:path}. "type" of a component is \
            generic, lambda, plugin or nucleus. All members may be absent. Recipes and deployments \
            in YAML are not read: convert them to JSON first.

            The exit code says what happens on the device that is there, or without --installed \
            on a new one: 0 if nothing restarts, \(ExitStatus.componentsRestart.rawValue) if \
            components do, \(ExitStatus.nucleusRestarts.rawValue) if the nucleus and all \
            components do, \(ExitStatus.mayReboot.rawValue) if a bootstrap step may reboot the \
            machine as well, and \(ExitStatus.planRefused.rawValue) if the deployment is \
            refused.
            """
    )

    @OptionGroup var files: PlanFiles

    @Flag(
        help: ArgumentHelp(
            "The deployment is neither new nor revised: only devices that are new in its group get"
                + " it."
        )
    )
    var notRevised = false

    @Flag(help: "Print the plan as one line of JSON.")
    var json = false

    @Argument(
        help: ArgumentHelp("The deployment's document, in JSON.", valueName: "file"),
        completion: .file()
    )
    var deployment: String

    func run() async throws {
        let plan = try await files.plan(of: deployment, isRevised: !notRevised)
        if json {
            OutputStream.standard.line(plan.json)
        } else {
            OutputStream.standard.write(plan.text)
        }
        try OutputStream.standard.check()
        let device = files.installed == nil ? plan.newDevice : plan.existingDevice
        let status = ExitStatus(device)
        if status != .done { throw ExitCode(status.rawValue) }
    }
}

extension ExitStatus {
    init(_ plan: DevicePlan) {
        switch plan.restarts {
        case _ where plan.refused != nil: self = .planRefused
        case _ where plan.mayReboot: self = .mayReboot
        case .none: self = .done
        case .components: self = .componentsRestart
        case .nucleus: self = .nucleusRestarts
        }
    }
}

extension Failure {
    /// For what needs a plan that is not refused.
    init?(_ plan: DevicePlan) {
        guard let refused = plan.refused else { return nil }
        self.init(.planRefused, refused.text)
    }
}
