// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

@Suite("A veto in a shutdown of the machine") struct ShutdownVetoTests {
    private let permit = "com.example.Permit"

    @Test func `agrees to the shutdown by its answer, and not to an update in it`() {
        var harness = BrokerHarness { settings in
            var rule = ComponentRule(pattern: permit)
            rule.isVeto = true
            settings.negotiation.rules = [rule]
        }
        let veto = harness.component(permit)
        harness.turn(.shutdownBegins(Shutdown(.reboot, limit: .seconds(5))))
        harness.answer(veto, "shutdown-a-1", 0)
        _ = harness.heard(by: veto)
        let request = GateRequest(deploymentID: "in-shutdown")
        harness.ask(harness.operatorAtControl(), .gateUpdate, request)
        let notice = harness.heard(by: veto).compactMap(\.notice).last
        #expect(notice?.deploymentID == "in-shutdown")
        #expect(harness.broker.negotiation.updates["in-shutdown"]?.isWaiting == true)
    }
}
