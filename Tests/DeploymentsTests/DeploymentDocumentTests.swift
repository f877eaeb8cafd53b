// SPDX-License-Identifier: Apache-2.0

import StrictJSON
import Testing

@testable import Deployments

@Suite("A deployment's document") struct DeploymentDocumentTests {
    private func read(_ text: String) throws(JSONError) -> Deployment {
        try Deployment(decoding: Array(text.utf8))
    }

    @Test func `is read as get-deployment prints it`() throws {
        let deployment = try read(
            """
            {"targetArn": "arn:aws:iot:us-west-2:1:thinggroup/Robots", "revisionId": "14",
             "deploymentId": "a1b2", "deploymentStatus": "ACTIVE", "creationTimestamp": 1.6E9,
             "components": {"com.example.App": {"componentVersion": "1.0.0", "runWith": {},
               "configurationUpdate": {"merge": "{\\"a\\":1}", "reset": ["/b"]}}},
             "deploymentPolicies": {"failureHandlingPolicy": "ROLLBACK",
               "componentUpdatePolicy": {"timeoutInSeconds": 90, "action": "NOTIFY_COMPONENTS"}}}
            """
        )
        #expect(deployment.id == "a1b2")
        #expect(deployment.group == "thinggroup/Robots")
        #expect(deployment.roots == [.init(name: "com.example.App", requirement: "1.0.0")])
        #expect((deployment.action, deployment.timeoutMs) == (.notify, 90_000))
        #expect(deployment.configured == ["com.example.App"])
        #expect(deployment.warnings == [])
    }

    @Test func `is read as a device receives it, with fractions of seconds`() throws {
        let deployment = try read(
            """
            {"deploymentId": "d", "creationTimestamp": 1.604067741583E12,
             "schemaDate": "2021-05-17",
             "configurationArn": "arn:aws:greengrass:r:1:configuration:thinggroup/Robots:3",
             "components": {"com.example.App": {"version": {"value": "1.0.0"}},
               "com.example.B": {"version": "2.0.0", "configurationUpdate": {"merge": {"x": 1}}}},
             "componentUpdatePolicy": {"timeout": 1.5, "action": "SKIP_NOTIFY_COMPONENTS"}}
            """
        )
        #expect(deployment.group == "thinggroup/Robots")
        #expect(deployment.roots.map(\.requirement) == ["1.0.0", "2.0.0"])
        #expect((deployment.action, deployment.timeoutMs) == (.skip, 1_500))
        #expect(deployment.configured == ["com.example.B"])
    }

    @Test func `is read in the older form, in which only some packages are roots`() throws {
        let deployment = try read(
            """
            {"DeploymentId": "d", "GroupName": "g", "Packages": [
               {"Name": "A", "ResolvedVersion": "1.0.0", "RootComponent": true},
               {"Name": "B", "ResolvedVersion": "1.0.0"}],
             "ComponentUpdatePolicy": {"Timeout": 60,
               "ComponentUpdatePolicyAction": "NOTIFY_COMPONENTS"}}
            """
        )
        #expect(deployment.id == "d")
        #expect(deployment.roots == [.init(name: "A", requirement: "1.0.0")])
        #expect(deployment.timeoutMs == 60_000)
    }

    @Test(
        arguments: [
            (#""runWith": {"posixUser": "camera:camera"}"#, true),
            (#""runWith": {"posixUser": null}"#, true),
            (#""runWith": {"systemResourceLimits": {"memory": 1}}"#, true),
            (#""runWith": {}"#, false), (#""runWith": null"#, false),
        ]
    )
    func `configures a component by what it runs with`(text: String, expected: Bool) throws {
        let deployment = try read(#"{"components": {"A": {"version": "1.0.0", \#(text)}}}"#)
        #expect(deployment.configured == (expected ? ["A"] : []))
    }

    @Test(
        arguments: [
            (#""ConfigurationUpdate": {"MERGE": {"fipsMode": "true"}}"#, true, true),
            (#""ConfigurationUpdate": {"RESET": ["/fipsMode"]}"#, true, true),
            (#""ConfigurationUpdate": {"merge": {"fipsMode": "true"}}"#, true, true),
            (#""configurationUpdate": {"reset": ["/fipsMode"]}"#, true, true),
            (#""ConfigurationUpdate": {"MERGE": {"logging": {}}}"#, true, false),
            (#""ConfigurationUpdate": {"MERGE": null, "RESET": []}"#, false, false),
            (#""RunWith": {"PosixUser": "a"}"#, true, false), (#""RunWith": {}"#, false, false),
        ]
    )
    func `configures roots in the older form as well`(
        text: String,
        isConfigured: Bool,
        restartsNucleus: Bool
    ) throws {
        let deployment = try read(
            """
            {"Packages": [{"Name": "\(nucleus)", "ResolvedVersion": "2.0.3",
               "RootComponent": true, \(text)},
              {"Name": "B", "ResolvedVersion": "1.0.0", \(text)}]}
            """
        )
        #expect(deployment.configured == (isConfigured ? [nucleus] : []))
        #expect(deployment.startupSettings == (restartsNucleus ? ["fipsMode"] : []))
    }

    @Test func `that leaves the policy open has the defaults, and a warning`() throws {
        let deployment = try read(#"{"components": {}}"#)
        #expect((deployment.action, deployment.timeoutMs) == (.notify, 60_000))
        #expect(deployment.warnings.count == 1)
    }

    @Test func `of a local deployment notifies nobody, whatever it says`() throws {
        let deployment = try read(
            """
            {"components": {}, "groupName": "LOCAL_DEPLOYMENT",
             "componentUpdatePolicy": {"action": "NOTIFY_COMPONENTS", "timeout": 60}}
            """
        )
        #expect((deployment.action, deployment.timeoutMs) == (.skip, 0))
        #expect(deployment.warnings == ["a local deployment notifies no component"])
    }

    @Test(
        arguments: [
            (#"{"merge": {"mqtt": {"version": "mqtt3"}}}"#, ["mqtt.version"]),
            (#"{"merge": "{\"networkProxy\": {\"proxy\": {}}}"}"#, ["networkProxy"]),
            (
                #"{"merge": {"runWithDefault": null}}"#,
                [
                    "runWithDefault.posixUser", "runWithDefault.posixShell",
                ]
            ),
            (#"{"reset": ["/mqtt"]}"#, ["mqtt.version", "mqtt.spooler.storageType"]),
            (#"{"reset": ["/mqtt/spooler/storageType"]}"#, ["mqtt.spooler.storageType"]),
            (
                #"{"merge": {"fipsMode": "true"}, "reset": ["/jvmOptions"]}"#,
                [
                    "fipsMode", "jvmOptions",
                ]
            ),
            (#"{"merge": {"logging": {"level": "DEBUG"}}, "reset": ["/telemetry"]}"#, []),
        ]
    )
    func `names the settings that a nucleus only reads when it starts`(
        update: String,
        settings: [String]
    ) throws {
        let deployment = try read(
            """
            {"components": {"aws.greengrass.Nucleus":
              {"componentVersion": "2.0.3", "configurationUpdate": \(update)}}}
            """
        )
        #expect(deployment.startupSettings == settings)
    }

    @Test(
        arguments: [
            (#"{"components": {"A": {"componentVersion": "1"#, "byte 44: "),
            ("[]", "expected an object, found an array"),
            ("{}", "there is neither \"components\" nor \"Packages\""),
            (#"{"components": 1}"#, "components: expected an object, found a number"),
            (#"{"components": {"A": {}}}"#, "components.A: there is no \"componentVersion\""),
            (
                #"{"components": {"A": {"version": 1}}}"#,
                "components.A.version: expected a string, found a number"
            ),
            (#"{"components": {"a b": {}}}"#, "components: \"a b\" is not a component name"),
            (#"{"deploymentId": 5, "components": {}}"#, "deploymentId: expected a string"),
            (
                #"{"components": {"A": {"version": "1", "configurationUpdate": {"merge": "{"}}}}"#,
                "components.A.configurationUpdate.merge: byte 1: expected a name"
            ),
            (
                #"{"components": {"A": {"version": "1", "configurationUpdate": {"merge": "1"}}}}"#,
                "components.A.configurationUpdate.merge: expected an object, found a number"
            ),
            (
                #"{"components": {"A": {"version": "1", "configurationUpdate": {"reset": [1]}}}}"#,
                "components.A.configurationUpdate.reset[0]: expected a string"
            ),
            (
                #"{"components": {"A": {"version": "", "configurationUpdate": {"reset": ["a"]}}}}"#,
                "components.A.configurationUpdate.reset[0]: \"a\" is not a JSON pointer"
            ),
            (
                #"{"components": {}, "componentUpdatePolicy": {"action": "ASK"}}"#,
                "componentUpdatePolicy.action: expected NOTIFY_COMPONENTS or"
            ),
            (
                #"{"components": {}, "componentUpdatePolicy": {"timeout": -1}}"#,
                "componentUpdatePolicy.timeout: expected seconds from 0 to 2147483647"
            ),
            (
                #"{"components": {}, "componentUpdatePolicy": {"timeout": 1e400}}"#,
                "componentUpdatePolicy.timeout: expected seconds from 0 to 2147483647"
            ),
            (
                #"{"components": {}, "componentUpdatePolicy": {"timeout": "60"}}"#,
                "componentUpdatePolicy.timeout: expected a number, found a string"
            ),
            (#"{"Packages": [{"RootComponent": true}]}"#, "Packages[0]: there is no \"Name\""),
            (
                #"{"Packages": [{"Name": "A"}, {"Name": "A"}]}"#,
                "Packages[1].Name: a second package named \"A\""
            ),
        ]
    )
    func `that is wrong has an error with its place`(text: String, message: String) {
        let error = #expect(throws: JSONError.self) { try read(text) }
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
    }
}
