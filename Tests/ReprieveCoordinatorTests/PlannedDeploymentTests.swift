// SPDX-License-Identifier: Apache-2.0

import ReprieveCoordinator
import Testing

@Suite("A planned deployment") struct PlannedDeploymentTests {
    private let installed = #"{"components": {"App": "1.0.0", "Other": "1.0.0"}}"#
    private let catalogue = """
        {"App": {"1.1.0": {}, "2.0.0": {"bootstrap": true}}, "Other": {"1.0.0": {}}}
        """

    private func planned(
        app: String,
        more: String = "",
        id: String = #""deploymentId": "d-1","#
    ) throws(GateError) -> PlannedDeployment {
        let components = #"{"App": {"version": "\#(app)"}, "Other": {"version": "1.0.0"}}"#
        return try PlannedDeployment(
            document: Array(#"{\#(id) \#(more) "components": \#(components)}"#.utf8),
            installed: Array(installed.utf8),
            catalogues: [Array(catalogue.utf8)]
        )
    }

    @Test func `concerns the components that restart`() throws {
        let planned = try planned(app: "1.1.0", more: #""componentUpdatePolicy": {"timeout": 5},"#)
        #expect(Update(deployment: planned) == Update("d-1", components: ["App"]))
        let policy = GatePolicy(deployment: planned)
        #expect(policy.responseTimeout == .seconds(5))
        #expect(policy.allowsUnmatched && !policy.isSilent)
    }

    @Test func `concerns all where the nucleus restarts`() throws {
        let planned = try planned(app: "2.0.0")
        let update = Update(deployment: planned, reason: "why")
        #expect(update == Update("d-1", reason: "why", disruption: .nucleus))
        #expect(!planned.isSilent)
    }

    @Test(arguments: ["1.0.0", "1.1.0"])
    func `is silent where nobody is asked`(app: String) throws {
        let local = #""groupName": "LOCAL_DEPLOYMENT","#
        let planned = try planned(app: app, more: app == "1.0.0" ? "" : local)
        #expect(planned.isSilent && GatePolicy(deployment: planned).isSilent)
    }

    @Test func `throws where it is refused, cannot be read, or has no id`() {
        let refused = #expect(throws: GateError.self) { try planned(app: "3.0.0") }
        #expect(refused?.code == .refused)
        #expect(refused?.message.hasSuffix("the nearest version of App is 2.0.0") == true)
        let wrong = #expect(throws: GateError.self) { try planned(app: "\"") }
        #expect(wrong?.code == .invalid)
        let nameless = #expect(throws: GateError.self) { try planned(app: "1.1.0", id: "") }
        #expect(nameless?.message == "the deployment has no id")
    }
}
