// SPDX-License-Identifier: Apache-2.0

import StrictJSON
import Testing

@testable import Deployments

@Suite("What is available and installed") struct CatalogueTests {
    private let recipe = """
        {"RecipeFormatVersion": "2020-01-25", "ComponentName": "com.example.App",
         "ComponentVersion": "1.2.0", "ComponentType": "aws.greengrass.plugin",
         "ComponentDependencies": {"com.example.Base": {"VersionRequirement": "^1.0.0",
           "DependencyType": "SOFT"}, "com.example.Any": {}},
         "Manifests": [{"Platform": {"os": "linux"}, "Lifecycle": {"bootstrap": "true"}}]}
        """

    private func catalogue(recipe: String, file: String) throws(JSONError) -> Catalogue {
        var catalogue = Catalogue()
        try catalogue.add(recipe: Array(recipe.utf8), file: file)
        return catalogue
    }

    @Test func `a recipe says a release's type, dependencies and bootstrap step`() throws {
        let catalogue = try catalogue(recipe: recipe, file: "com.example.App-1.2.0.json")
        let release = try #require(catalogue.sorted["com.example.App"]?.first)
        #expect(release.kind == .plugin && release.hasBootstrap)
        #expect(release.dependencies.map(\.name) == ["com.example.Any", "com.example.Base"])
        #expect(release.dependencies.map(\.isHard) == [true, false])
        #expect(release.dependencies.map(\.range.text) == ["*", "^1.0.0"])
    }

    @Test(
        arguments: [
            (#""Lifecycle": {"bootstrap": {"script": "x"}}"#, true),
            (#""Lifecycle": {"linux": {"Bootstrap": "x"}}"#, true),
            (#""Lifecycle": {"all": {"bootstrap": "x"}}"#, true),
            (#""Lifecycle": {"windows": {"bootstrap": "x"}}"#, false),
            (#""Lifecycle": {"linux": {"arm": {"Bootstrap": "x"}, "all": {"Run": "y"}}}"#, true),
            (#""Lifecycle": {"arm": {"windows": {"bootstrap": "x"}}}"#, false),
            (#""Lifecycle": {"all": {"Setenv": {"bootstrap": "x"}}}"#, false),
            (
                #""Manifests": [{"Platform": {"os": "windows"}, "Lifecycle": {"bootstrap": "x"}}]"#,
                false
            ),
            (
                #""Manifests": [{"Lifecycle": {"run": 1}}, {"Lifecycle": {"bootstrap": 1}}]"#,
                true
            ),
            (#""Manifests": []"#, false),
        ]
    )
    func `a bootstrap step counts where it holds on Linux`(text: String, expected: Bool) throws {
        let recipe = #"{"ComponentName": "A", "ComponentVersion": "1.0.0", \#(text)}"#
        let release = try catalogue(recipe: recipe, file: "A-1.0.0.json").sorted["A"]?.first
        #expect(release?.hasBootstrap == expected)
    }

    @Test func `a recipe and a catalogue may describe the same release`() throws {
        let text = """
            {"ComponentName": "A", "ComponentVersion": "1.0.0",
             "ComponentDependencies": {"B": {}, "C": {"DependencyType": "SOFT"}},
             "Lifecycle": {"bootstrap": "{C:artifacts:path}/set-up", "run": "{B:work:path}"}}
            """
        let other = """
            {"A": {"1.0.0": {"bootstrap": true,
              "dependencies": {"B": {}, "C": {"type": "SOFT"}}}}}
            """
        var whole = try catalogue(recipe: text, file: "A-1.0.0.json")
        let alone = try #require(whole.sorted["A"]?.first)
        #expect(alone.uses == ["B", "C"] && alone.bootstrapInputs == ["C"])
        try whole.add(decoding: Array(other.utf8))
        let both = try #require(whole.sorted["A"]?.first)
        #expect(both.uses == ["B", "C"] && both.bootstrapInputs == ["C"])
    }

    @Test func `a recipe that contradicts its file's name is an error`() {
        let error = #expect(throws: JSONError.self) {
            try catalogue(recipe: recipe, file: "com.example.App-1.3.0.json")
        }
        #expect(error?.message.contains("com.example.App 1.2.0") == true)
    }

    @Test(
        arguments: [
            (#"{"A": 1}"#, "A: expected an object, found a number"),
            (#"{"A": {"1": {}}}"#, "A: \"1\" is not a version"),
            (#"{"A": {"1.0.0": []}}"#, "A.1.0.0: expected an object, found an array"),
            (#"{"A": {"1.0.0": {"type": "robot"}}}"#, "A.1.0.0.type: expected one of generic"),
            (#"{"A": {"1.0.0": {"bootstrap": 1}}}"#, "A.1.0.0.bootstrap: expected a boolean"),
            (
                #"{"A": {"1.0.0": {"dependencies": {"B": {"range": ">>1"}}}}}"#,
                "A.1.0.0.dependencies.B.range: \">>1\" is not a version range"
            ),
            (
                #"{"A": {"1.0.0": {"dependencies": {"B": {"type": "firm"}}}}}"#,
                "A.1.0.0.dependencies.B.type: expected HARD or SOFT"
            ),
            (#"{"A": {"1.0.0": {}, "1.0.0+b": {"bootstrap": true}}}"#, "A.1.0.0+b: A 1.0.0 is"),
        ]
    )
    func `a catalogue that is wrong has an error with its place`(text: String, message: String) {
        var catalogue = Catalogue()
        let error = #expect(throws: JSONError.self) {
            try catalogue.add(decoding: Array(text.utf8))
        }
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
    }

    @Test(
        arguments: [
            #"{"components": {"A": "1.0.0", "com.example.B": "2.0.0-rc.1"}}"#,
            #"[{"componentName": "A", "version": "1.0.0", "state": "RUNNING"},"#
                + #" {"componentName": "com.example.B", "version": "2.0.0-rc.1"},"#
                + #" {"componentName": "FleetStatusService", "version": "0.0.0"},"#
                + #" {"componentName": "TelemetryAgent", "version": null}]"#,
            """
            Components currently running in Greengrass:
            Component Name: A
                Version: 1.0.0
                State: RUNNING
                Configuration: {"Version: ": "Component Name: X"}
            Component Name: TelemetryAgent
                Version: null
            Component Name: DeploymentService
                Version: 0.0.0
            Component Name: com.example.B
                Version: 2.0.0-rc.1
            """,
        ]
    )
    func `what is installed is read in three forms`(text: String) throws {
        let device = try InstalledComponents(decoding: Array(text.utf8))
        let expected = ["A": SemanticVersion("1.0.0"), "com.example.B": .init("2.0.0-rc.1")]
        #expect(device.components == expected.compactMapValues { $0 })
    }

    @Test(
        arguments: [
            (#"{"components": {"A": "1.0"}}"#, "components.A: \"1.0\" is not a version"),
            (#"{"groups": {}}"#, "there is no \"components\""),
            (#"{"components": {}, "groups": {"g": {"A": "x y"}}}"#, "groups.g.A: \"x y\" is not"),
            ("Component Name: A b\n Version: 1.0.0", "line 1: \"A b\" is not a component name"),
            ("Component Name: A\n Version: 1.0", "line 2: \"1.0\" is not a version"),
            (
                "Component Name: A\nVersion: 1.0.0\nComponent Name: A\nVersion: 1.0.0",
                "line 4: a second component named \"A\""
            ),
            ("hello", "this is neither JSON nor a list of components"),
            ("", "this is neither JSON nor a list of components"),
        ]
    )
    func `what is wrong in a list has an error with its place`(text: String, message: String) {
        let error = #expect(throws: JSONError.self) {
            try InstalledComponents(decoding: Array(text.utf8))
        }
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
    }
}
