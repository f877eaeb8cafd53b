// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Deployments
internal import ReprieveProtocol

/// A deployment that says what a gate announces.
struct DeploymentOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Announce what this deployment does to the device, as `reprieve plan` shows it: its id,"
                + " its components, their time to answer, whether they are asked, and whether the"
                + " nucleus restarts. With a deployment that is refused, nothing is announced"
                + " (\(ExitStatus.planRefused.rawValue)).",
            valueName: "file"
        ),
        completion: .file()
    )
    var deployment: String?

    @OptionGroup var files: PlanFiles

    func validate() throws {
        let isAlone = files.installed == nil && files.groups == nil && files.recipes == nil
        guard deployment != nil || (isAlone && files.catalogue.isEmpty) else {
            throw ValidationError(
                "--installed, --groups, --catalogue and --recipes require --deployment"
            )
        }
    }

    /// Nil without a deployment.
    func plan() async throws -> DeploymentPlan? {
        guard let deployment else { return nil }
        let plan = try await files.plan(of: deployment)
        for warning in plan.warnings {
            OutputStream.error.line("reprieve: warning: " + printable(warning, limit: .max))
        }
        if let failure = Failure(plan.existingDevice) { throw failure }
        return plan
    }
}

extension AnnouncementOptions {
    /// What a deployment says stands in no option.
    func checkAlone() throws {
        let isAlone =
            component.isEmpty && disruption == nil && !restartsNucleus && !skipNotify
            && responseTimeout == nil
        guard isAlone else {
            throw ValidationError(
                "--deployment says what --component, --disruption, --restarts-nucleus,"
                    + " --response-timeout and --skip-notify would say"
            )
        }
    }

    /// Announces what a deployment does.
    mutating func adopt(_ plan: DeploymentPlan, reboots: Bool) throws {
        let device = plan.existingDevice
        if update == nil, let id = plan.deployment.id {
            do { update = try UpdateArgument(id: id) } catch {
                throw Failure(.wrongUsage, "\(error)")
            }
        }
        if !reboots { disruption = device.disruption }
        responseTimeout = device.timeoutMs
        skipNotify = device.asksNobody
        // A name may be one that the broker does not know: not every component asks to be asked.
        allowUnmatched = true
        component = device.concerned(atMost: Limits.names)
    }
}
