// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Deployments

/// The table of AWS's page "Update the AWS IoT Greengrass Core software": what a deployment does to
/// the nucleus of new devices and of those that are there.
@Suite("A deployment") struct NucleusTableTests {
    private let available: Catalogue
    private let installed: InstalledComponents

    init() throws {
        available = try releases(
            "aws.greengrass.Nucleus 2.0.3",
            "aws.greengrass.Nucleus 2.0.4",
            "aws.greengrass.Nucleus 2.0.5",
            "aws.greengrass.Nucleus 2.1.0",
            "com.example.App 1.0.0: aws.greengrass.Nucleus >=2.0.3 <2.1.0",
            "com.example.App 2.0.0: aws.greengrass.Nucleus >=2.1.0 <2.2.0",
            "com.example.Free 1.0.0: aws.greengrass.Nucleus >=2.0.3 <3.0.0",
            "com.example.Alone 1.0.0"
        )
        installed = try device([nucleus: "2.0.3"])
    }

    private func plan(
        _ roots: KeyValuePairs<String, String>,
        isRevised: Bool = true
    ) -> DeploymentPlan {
        DeploymentPlan(
            deployment(roots),
            installed: installed,
            catalogue: available,
            isRevised: isRevised
        )
    }

    @Test func `not revised, without a nucleus: new devices get the latest patch, others nothing`()
    {
        let plan = plan(["com.example.App": "1.0.0"], isRevised: false)
        #expect(plan.newDevice.after(nucleus) == "2.0.5")
        #expect(plan.existingDevice.after(nucleus) == "2.0.3")
        #expect(plan.existingDevice.restarts == .none)
    }

    @Test func `not revised, with a nucleus: new devices get that version, others nothing`() {
        let plan = plan([nucleus: "2.1.0", "com.example.Free": "1.0.0"], isRevised: false)
        #expect(plan.newDevice.after(nucleus) == "2.1.0")
        #expect(plan.existingDevice.after(nucleus) == "2.0.3")
        #expect(plan.existingDevice.restarts == .none)
    }

    @Test func `created or revised, without a nucleus: all devices get the latest patch`() {
        let plan = plan(["com.example.App": "1.0.0"])
        #expect(plan.newDevice.after(nucleus) == "2.0.5")
        #expect(plan.existingDevice.after(nucleus) == "2.0.5")
        #expect(plan.existingDevice.restarts == .nucleus)
    }

    @Test func `created or revised, with a nucleus: all devices get that version`() {
        let plan = plan([nucleus: "2.1.0", "com.example.Free": "1.0.0"])
        for device in [plan.newDevice, plan.existingDevice] {
            #expect(device.after(nucleus) == "2.1.0")
            #expect(device.restarts == .nucleus)
        }
    }

    @Test func `that neither names the nucleus nor has a dependant of it leaves it unchanged`() {
        let plan = plan(["com.example.Alone": "1.0.0"])
        #expect(plan.newDevice.after(nucleus) == nil)
        #expect(plan.existingDevice.after(nucleus) == "2.0.3")
        #expect(plan.existingDevice.restarts == .components)
        #expect(plan.existingDevice.asks == [])
    }

    @Test func `moves a nucleus that it does not name within its minor version only`() {
        let plan = plan(["com.example.Free": "1.0.0"])
        #expect(plan.newDevice.after(nucleus) == "2.1.0")
        #expect(plan.existingDevice.after(nucleus) == "2.0.5")
        let because = plan.existingDevice.because(nucleus)
        #expect(because?.hasPrefix("the latest patch, as the deployment does not name") == true)
    }

    @Test func `is refused where only another minor version would do and it is not named`() {
        let plan = plan(["com.example.App": "2.0.0"])
        #expect(plan.newDevice.refused == nil)
        let refused = plan.existingDevice.refused
        #expect(refused?.component == nucleus)
        #expect(refused?.suggestion == "name aws.greengrass.Nucleus 2.1.0 in the deployment")
        #expect(plan.existingDevice.after(nucleus) == "2.0.3")
    }

    @Test func `with stream manager 2.0.7 and nucleus 2.1 is refused, and 2.0.8 is suggested`()
        throws
    {
        let manager = "aws.greengrass.StreamManager"
        let available = try releases(
            "aws.greengrass.Nucleus 2.0.5",
            "aws.greengrass.Nucleus 2.1.0",
            "aws.greengrass.StreamManager 2.0.7: aws.greengrass.Nucleus >=2.0.3 <2.1.0",
            "aws.greengrass.StreamManager 2.0.8: aws.greengrass.Nucleus >=2.0.3 <2.2.0"
        )
        let refused = DeploymentPlan(
            deployment([manager: "2.0.7", nucleus: "2.1.0"]),
            installed: try device([nucleus: "2.0.5", manager: "2.0.7"]),
            catalogue: available
        ).existingDevice.refused
        #expect(refused?.component == manager)
        #expect(
            refused?.reason == "no version of aws.greengrass.Nucleus fits:"
                + " aws.greengrass.StreamManager 2.0.7 requires >=2.0.3 <2.1.0,"
                + " the deployment names 2.1.0"
        )
        #expect(
            refused?.suggestion
                == "aws.greengrass.StreamManager 2.0.8 accepts aws.greengrass.Nucleus 2.1.0"
        )
    }
}
