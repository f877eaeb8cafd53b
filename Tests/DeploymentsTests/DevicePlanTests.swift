// SPDX-License-Identifier: Apache-2.0

import ReprieveTypes
import Testing

@testable import Deployments

@Suite("The plan of a device") struct DevicePlanTests {
    private func plan(
        _ deployment: Deployment,
        _ device: InstalledComponents,
        _ catalogue: Catalogue
    ) -> DevicePlan {
        DeploymentPlan(deployment, installed: device, catalogue: catalogue).existingDevice
    }

    @Test func `says whose range decided`() throws {
        let available = try releases(
            "App 1.0.0: Base >=1.0.0 <1.2.0",
            "Tool 1.0.0: Base >=1.0.0",
            "Base 1.0.0",
            "Base 1.1.0",
            "Base 1.2.0",
            "Base 1.3.0-beta"
        )
        let plan = plan(deployment(["App": "1.0.0", "Tool": "1.0.0"]), try device([:]), available)
        #expect(plan.after("Base") == "1.1.0")
        #expect(plan.because("Base") == "App 1.0.0 requires >=1.0.0 <1.2.0")
        #expect(plan.because("App") == "the latest version: the deployment names 1.0.0")
    }

    @Test func `restarts what changes and what depends on it, and asks those that run`() throws {
        let available = try releases(
            "Base 1.0.0",
            "Base 1.1.0",
            "New 1.0.0",
            "App 1.0.0: Base ^1.0.0",
            "Top 1.0.0: App ^1.0.0",
            "Soft 1.0.0: Base ^1.0.0 SOFT",
            "Other 1.0.0"
        )
        let names = ["App": "1.0.0", "Top": "1.0.0", "Soft": "1.0.0", "Other": "1.0.0"]
        let plan = plan(
            deployment([
                "App": "1.0.0", "Top": "1.0.0", "Soft": "1.0.0", "Other": "1.0.0", "New": "1.0.0",
            ]),
            try device(names.merging(["Base": "1.0.0"]) { one, _ in one }),
            available
        )
        #expect(plan.restarts == .components)
        #expect(plan.asks == ["App", "Base", "Top"])
        #expect(
            plan.restartsBecause == [
                "App depends on Base", "Base becomes 1.1.0", "New 1.0.0 is new",
                "Top depends on App",
            ]
        )
    }

    @Test func `has nothing to restart where nothing changes`() throws {
        let available = try releases("App 1.0.0")
        let plan = plan(deployment(["App": "1.0.0"]), try device(["App": "1.0.0"]), available)
        #expect(plan.restarts == .none && plan.asks == [] && plan.refused == nil)
    }

    @Test func `restarts a component that is configured`() throws {
        var deployment = deployment(["App": "1.0.0"])
        deployment.configured = ["App"]
        let plan = plan(deployment, try device(["App": "1.0.0"]), try releases("App 1.0.0"))
        #expect(plan.restarts == .components && plan.asks == ["App"])
    }

    @Test(
        arguments: [
            ("App 2.0.0 bootstrap", "App 2.0.0 has a bootstrap step", true),
            ("App 2.0.0 plugin", "the plugin App changes its version", false),
        ]
    )
    func `restarts the nucleus and asks all where the nucleus must`(
        release: String,
        reason: String,
        mayReboot: Bool
    ) throws {
        var device = try device(["App": "1.0.0", "Other": "1.0.0", nucleus: "2.0.3"])
        device.groups = ["thinggroup/Others": ["Other": "1.0.0"]]
        if release.contains("plugin") { device.plugins = ["App"] }
        let plan = plan(deployment(["App": "2.0.0"]), device, try releases(release, "Other 1.0.0"))
        #expect(plan.restarts == .nucleus && plan.disruption == .nucleus)
        #expect(plan.restartsBecause == [reason])
        #expect(plan.mayReboot == mayReboot)
        #expect(plan.asks == ["App", "Other"])
    }

    @Test func `restarts the nucleus where a plugin is removed, and not for a new one`() throws {
        var there = try device(["Old": "1.0.0"])
        there.plugins = ["Old"]
        let available = try releases("New 1.0.0 plugin", "App 1.0.0")
        let removed = plan(deployment(["App": "1.0.0"]), there, available)
        #expect(removed.after("Old") == nil)
        #expect(removed.restartsBecause == ["the plugin Old is removed"])
        let added = plan(deployment(["New": "1.0.0"]), try device([:]), available)
        #expect(added.restarts == .components)
    }

    @Test func `restarts the nucleus where the deployment sets what it reads at its start`() throws
    {
        var deployment = deployment([nucleus: "2.0.3"])
        deployment.startupSettings = ["mqtt.version"]
        deployment.configured = [nucleus]
        let device = try device(
            [nucleus: "2.0.3", "App": "1.0.0"],
            groups: ["g": ["App": "1.0.0"]]
        )
        let plan = plan(deployment, device, Catalogue())
        #expect(plan.restarts == .nucleus && plan.asks == ["App"])
        #expect(plan.restartsBecause == ["the deployment sets mqtt.version of the nucleus"])
    }

    @Test func `asks nobody where the deployment skips the notices`() throws {
        var deployment = deployment(["App": "2.0.0"])
        deployment.action = .skip
        let plan = plan(deployment, try device(["App": "1.0.0"]), try releases("App 2.0.0"))
        #expect(plan.restarts == .components && plan.asks == [])
    }

    @Test func `keeps what other groups need, and removes what its own group no longer names`()
        throws
    {
        let there = try device(
            ["App": "1.0.0", "Gone": "1.0.0", "Theirs": "1.0.0", "Base": "1.0.0"],
            groups: [
                "mine": ["App": "1.0.0", "Gone": "1.0.0"], "theirs": ["Theirs": "1.0.0"],
            ],
            group: "mine"
        )
        let available = try releases(
            "App 1.0.0",
            "Gone 1.0.0",
            "Theirs 1.0.0: Base *",
            "Base 1.0.0"
        )
        let plan = plan(deployment(["App": "1.0.0"]), there, available)
        #expect(plan.components.map(\.component) == ["App", "Base", "Gone", "Theirs"])
        #expect(plan.components.map { $0.after?.text } == ["1.0.0", "1.0.0", nil, "1.0.0"])
        #expect(plan.asks == ["Gone"])
    }

    @Test func `of a local deployment keeps what is installed and fits`() throws {
        let available = try releases("App 1.0.0: Base ^1.0.0", "Base 1.0.0", "Base 1.1.0")
        let there = try device(["App": "1.0.0", "Base": "1.0.0"])
        var local = deployment(["App": "1.0.0"])
        #expect(plan(local, there, available).after("Base") == "1.1.0")
        local.isLocal = true
        #expect(plan(local, there, available).after("Base") == "1.0.0")
    }

    @Test func `asks all that may run where what is installed is not known`() throws {
        let available = try releases("App 1.0.0: Base *", "Base 1.0.0")
        let plan = DeploymentPlan(
            deployment(["App": "1.0.0"]),
            installed: nil,
            catalogue: available
        )
        #expect(plan.existingDevice.asks == ["App", "Base"])
        #expect(plan.newDevice.asks == [])
    }
}
