// SPDX-License-Identifier: Apache-2.0

import StrictJSON
import Testing

@testable import Deployments

@Suite("What a deployment restarts") struct RestartTests {
    private let there = ["A": "1.0.0", "B": "1.0.0", "C": "1.0.0"]

    /// The device keeps all of its components, unless another version is named.
    private func plan(
        _ roots: [String: String] = [:],
        configured: Set<String> = [],
        _ available: Catalogue
    ) throws -> DeploymentPlan {
        var deployment = Deployment()
        deployment.roots = there.merging(roots) { $1 }.sorted { $0.key < $1.key }
            .map { .init(name: $0, requirement: $1) }
        deployment.configured = configured
        let installed = try device(there.merging([nucleus: "2.0.3"]) { one, _ in one })
        return DeploymentPlan(deployment, installed: installed, catalogue: available)
    }

    private func recipes(_ texts: String...) throws -> Catalogue {
        var whole = Catalogue()
        for text in texts {
            let recipe = try JSON(decoding: Array(text.utf8), limits: .deployments)
            guard case .string(let name)? = recipe["ComponentName"],
                case .string(let version)? = recipe["ComponentVersion"]
            else { throw JSONError("a recipe without a name") }
            try whole.add(recipe: Array(text.utf8), file: "\(name)-\(version).json")
        }
        return whole
    }

    private func recipe(_ name: String, _ version: String, _ more: String = "") -> String {
        #"{"ComponentName": "\#(name)", "ComponentVersion": "\#(version)"\#(more)}"#
    }

    private func all(_ b: String) throws -> Catalogue {
        try recipes(recipe("A", "1.0.0"), recipe("A", "1.1.0"), b, recipe("C", "1.0.0"))
    }

    private let softly = #""ComponentDependencies": {"A": {"DependencyType": "SOFT"}}"#

    @Test(
        arguments: [
            (#""Lifecycle": {"run": "python3 {A:artifacts:path}/tool.py"}"#, true),
            (#""Lifecycle": {"all": {"setenv": {"PORT": "{A:configuration:/port}"}}}"#, true),
            (#""Manifests": [{"Lifecycle": {"run": {"script": "{A:work:path}"}}}]"#, true),
            (
                #""ComponentConfiguration": {"DefaultConfiguration": {"x": "{A:artifacts:path}"}}"#,
                true
            ),
            (#""Lifecycle": {"run": "python3 {artifacts:path}/A: {C:artifacts:path}"}"#, false),
        ]
    )
    func `with a component are those that use its values, whatever the type of the dependency`(
        text: String,
        restarts: Bool
    ) throws {
        let available = try all(recipe("B", "1.0.0", ", \(softly), \(text)"))
        for device in [
            try plan(["A": "1.1.0"], available), try plan(configured: ["A"], available),
        ].map(\.existingDevice) {
            #expect(device.restarts == .components)
            #expect(device.asks == (restarts ? ["A", "B"] : ["A"]))
            #expect(device.restartsBecause.contains("B uses values of A") == restarts)
        }
    }

    @Test func `with a nucleus that is configured are those that use its values`() throws {
        let dependency = #""ComponentDependencies": {"\#(nucleus)": {}}"#
        let use = #""Lifecycle": {"run": "{\#(nucleus):configuration:/x}"}"#
        let available = try recipes(
            recipe("A", "1.0.0", ", \(dependency)"),
            recipe("B", "1.0.0", ", \(dependency), \(use)"),
            recipe("C", "1.0.0"),
            recipe(nucleus, "2.0.3")
        )
        let device = try plan(configured: [nucleus], available).existingDevice
        #expect(device.restarts == .components && device.asks == ["B"])
    }

    @Test(
        arguments: [
            (#""bootstrap": "./set-up --port {configuration:/port}""#, true),
            (#""all": {"Bootstrap": {"script": "./set-up {configuration:/port}"}}"#, true),
            (#""bootstrap": "./set-up", "run": "./serve {configuration:/port}""#, false),
        ]
    )
    func `by a configuration is the nucleus where a bootstrap step uses it`(
        lifecycle: String,
        restartsNucleus: Bool
    ) throws {
        let available = try all(recipe("B", "1.0.0", #", "Lifecycle": {\#(lifecycle)}"#))
        let device = try plan(configured: ["B"], available).existingDevice
        #expect(device.restarts == (restartsNucleus ? .nucleus : .components))
        #expect(device.mayReboot == restartsNucleus)
        #expect(device.asks == (restartsNucleus ? ["A", "B", "C"] : ["B"]))
        let reason = "B is configured" + (restartsNucleus ? " and has a bootstrap step" : "")
        #expect(device.restartsBecause == [reason])
    }

    @Test(
        arguments: [
            (#""bootstrap": "{A:artifacts:path}/set-up""#, true),
            (#""bootstrap": "{configuration:/command}""#, true),
            (#""bootstrap": "true", "run": "{A:artifacts:path}/serve""#, false),
        ]
    )
    func `by another component is the nucleus where a bootstrap step uses its values`(
        lifecycle: String,
        restartsNucleus: Bool
    ) throws {
        let configuration = #""ComponentConfiguration": {"command": "{A:artifacts:path}/set-up"}"#
        let more = #", \#(softly), \#(configuration), "Lifecycle": {\#(lifecycle)}"#
        let device = try plan(["A": "1.1.0"], try all(recipe("B", "1.0.0", more))).existingDevice
        #expect(device.restarts == (restartsNucleus ? .nucleus : .components))
        #expect(device.asks == (restartsNucleus ? ["A", "B", "C"] : ["A", "B"]))
        let reason = "the bootstrap step of B may use values of A"
        #expect(device.restartsBecause.contains(reason) == restartsNucleus)
    }

    @Test func `may be the nucleus where a catalogue does not say what a bootstrap step uses`()
        throws
    {
        let available = try catalogue(
            """
            {"A": {"1.0.0": {}, "1.1.0": {}},
             "B": {"1.0.0": {"bootstrap": true, "dependencies": {"A": {}}}},
             "C": {"1.0.0": {"bootstrap": true, "dependencies": {"A": {"type": "SOFT"}}}}}
            """
        )
        for (plan, names, component) in [
            (try plan(configured: ["C"], available), ["C"], "C"),
            (try plan(["A": "1.1.0"], available), ["A", "B"], "B"),
        ] {
            let device = plan.existingDevice
            #expect(device.restarts == .components && device.asks == names)
            #expect(device.asksAll && device.concerned(atMost: 100) == [])
            let warning = "no recipe says what the bootstrap step of \(component) uses: "
            #expect(plan.warnings.contains { $0.hasPrefix(warning) })
        }
        #expect(try plan([:], available).existingDevice.asksNobody)
    }

    @Test func `may be those that no recipe describes where the nucleus is configured`() throws {
        let available = try catalogue(
            """
            {"\(nucleus)": {"2.0.3": {}}, "C": {"1.0.0": {}},
             "A": {"1.0.0": {"dependencies": {"\(nucleus)": {"type": "HARD"}}}}}
            """
        )
        let device = try plan(configured: [nucleus], available).existingDevice
        #expect(device.restarts == .none && device.asks == [])
        #expect(device.concerned(atMost: 100) == ["A", "B"] && !device.asksNobody)
        let other = try catalogue(
            """
            {"\(nucleus)": {"2.0.3": {}}, "B": {"1.0.0": {}}, "C": {"1.0.0": {}},
             "A": {"1.0.0": {"bootstrap": true, "dependencies": {"\(nucleus)": {}}}}}
            """
        )
        #expect(try plan(configured: [nucleus], other).existingDevice.asksAll)
    }

    @Test func `is not the nucleus for a setting of it that its own bootstrap step does not use`()
        throws
    {
        let available = try catalogue(
            """
            {"\(nucleus)": {"2.0.3": {"bootstrap": true}},
             "A": {"1.0.0": {}}, "B": {"1.0.0": {}}, "C": {"1.0.0": {}}}
            """
        )
        let same = [nucleus: "2.0.3"]
        let device = try plan(same, configured: [nucleus], available).existingDevice
        #expect(device.restarts == .none)
    }

    @Test func `may be any component that nothing describes`() throws {
        let available = try releases("A 1.0.0", "A 1.1.0", "C 1.0.0: B >=1.0.0")
        let changed = try plan(["A": "1.1.0"], available)
        #expect(changed.existingDevice.asks == ["A"])
        #expect(changed.existingDevice.concerned(atMost: 100) == ["A", "B", "C"])
        #expect(
            changed.warnings == [
                "no recipe or catalogue describes B: if anything changes, a gate asks more"
                    + " components than need be"
            ]
        )
        let same = try plan([:], available)
        #expect(same.existingDevice.restarts == .none && same.existingDevice.asksNobody)
    }

    @Test func `may be all where a component is configured that nothing describes`() throws {
        let available = try releases("A 1.0.0", "C 1.0.0")
        let device = try plan(configured: ["B"], available).existingDevice
        #expect(device.restarts == .components && device.asks == ["B"] && device.asksAll)
        let known = try plan(configured: ["A"], available).existingDevice
        #expect(!known.asksAll && known.concerned(atMost: 100) == ["A", "B"])
    }

    @Test func `may be all where a component is removed that nothing describes`() throws {
        let available = try releases("A 1.0.0", "B 1.0.0")
        let plan = DeploymentPlan(
            deployment(["A": "1.0.0", "B": "1.0.0"]),
            installed: try device(there),
            catalogue: available
        )
        #expect(plan.existingDevice.asks == ["C"] && plan.existingDevice.asksAll)
        #expect(plan.existingDevice.restartsBecause == ["C is removed"])
        #expect(plan.warnings.count == 1)
    }

    @Test func `is the nucleus for a plugin of which only another version is described`() throws {
        let available = try releases("A 1.1.0 plugin", "B 1.0.0", "C 1.0.0")
        let device = try plan(["A": "1.1.0"], available).existingDevice
        #expect(device.restartsBecause == ["the plugin A changes its version"])
    }

    @Test(arguments: ["thinggroup/Robots", "Robots"])
    func `does not depend on how the deployment's group is spelt`(group: String) throws {
        var deployment = deployment(["A": "1.0.0"])
        for own in ["thinggroup/Robots", "Robots"] {
            deployment.group = own
            let installed = try device(there, groups: [group: there, "Others": ["B": "1.0.0"]])
            let available = try releases("A 1.0.0", "B 1.0.0", "C 1.0.0")
            let plan = DeploymentPlan(deployment, installed: installed, catalogue: available)
            #expect(plan.existingDevice.after("C") == nil && plan.existingDevice.asks == ["C"])
            #expect(plan.warnings == [])
        }
    }

    @Test(arguments: ["Robot", nil])
    func `has a warning where the groups lack that of the deployment`(group: String?) throws {
        var deployment = deployment(["A": "1.0.0"])
        deployment.group = group
        let installed = try device(there, groups: ["Robots": there])
        let available = try releases("A 1.0.0", "B 1.0.0", "C 1.0.0")
        let plan = DeploymentPlan(deployment, installed: installed, catalogue: available)
        #expect(plan.existingDevice.asks == [])
        let fault =
            group == nil
            ? "the document does not say which group of the device it is for"
            : "the groups of the device do not have that of the deployment, Robot"
        let warning = fault + ": what that group no longer names is taken for another group's"
        #expect(plan.warnings == [warning])
    }

    @Test func `may be all where the groups are known and the components are not`() throws {
        let groups = #"{"Mine": {}, "Others": {"C": "1.0.0"}}"#
        var installed = InstalledComponents()
        try installed.readGroups(decoding: Array(groups.utf8))
        installed.group = "Mine"
        let plan = DeploymentPlan(
            deployment(["A": "1.0.0"]),
            installed: installed,
            catalogue: try releases("A 1.0.0", "C 1.0.0")
        )
        #expect(plan.existingDevice.asks == ["A", "C"] && plan.existingDevice.asksAll)
        #expect(plan.warnings.count == 1)
        #expect(plan.warnings.first?.hasPrefix("what is installed is not known") == true)
    }
}
