// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import EventStream
import Negotiation
import ReprieveBroker
import Testing

/// What is written down of components that break final askings.
@Suite("What a broker wrote down of final askings") struct UnrestRecordTests {
    private var harness = BrokerHarness()

    @Test mutating func `is how many final askings were broken, and by which component`() {
        let camera = harness.component("com.example.Camera", confirm: true)
        let till = harness.component("com.example.Till")
        _ = harness.announce()
        harness.answer(camera, "d-1", 0, round: 1)
        for _ in 1...2 {
            harness.answer(till, "d-1", 0)
            harness.answer(till, "d-1", 100)
            harness.answer(camera, "d-1", 0)
        }
        var expected = harness.broker.negotiation
        #expect(expected.updates["d-1"]?.brokenFinalAskings == 2)
        #expect(expected.updates["d-1"]?.participants["com.example.Till"]?.heldUntil != nil)
        _ = expected.handle(.restarted, at: harness.now)
        #expect(harness.recalled() == expected)
    }
}
