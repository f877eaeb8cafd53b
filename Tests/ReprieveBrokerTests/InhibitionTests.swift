// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

@Suite("The block inhibitor") struct InhibitionTests {
    private var harness = BrokerHarness { $0.blocksShutdown = true }
    private let camera: PeerID

    init() {
        camera = harness.component("com.example.Camera")
        _ = harness.announce()
    }

    private var why: String? { harness.inhibition.block?.why }

    @Test mutating func `has another text at most once a second`() {
        for number in 0..<10 {
            harness.answer(camera, "d-1", 60_000, message: "part \(number)")
            #expect(why == #"holds back update "d-1": part 0"#)
            harness.pass(.milliseconds(99))
        }
        harness.pass(.milliseconds(10))
        #expect(why == #"holds back update "d-1": part 9"#)
    }

    @Test mutating func `is wanted for another reason, and no longer, at once`() {
        harness.answer(camera, "d-1", 60_000, message: "recording")
        harness.answer(camera, "d-1", 0)
        #expect(why == #"update "d-1" is being applied"#)
        let completion = CompleteRequest(deploymentID: "d-1", outcome: .applied)
        harness.ask(harness.operatorAtControl(), .completeUpdate, completion)
        #expect(why == nil)
    }

    @Test mutating func `is wanted for another update at once`() {
        _ = harness.announce("d-2")
        harness.answer(camera, "d-1", 60_000, message: "recording")
        harness.answer(camera, "d-2", 60_000, message: "recording")
        #expect(why == #"holds back update "d-1": recording"#)
        let request = ReasonedRequest(deploymentID: "d-1", reason: "not now")
        harness.ask(harness.operatorAtControl(), .cancelUpdate, request)
        #expect(why == #"holds back update "d-2": recording"#)
    }
}
