// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// After a death of the broker, with the gate open.
@Suite("A coordinator that makes an update") struct ReturningMakerTests {
    @Test func `has the grace to return to its open gate, which no other one takes meanwhile`() {
        let harness = NegotiationHarness()
        harness.announce(process: 43)
        harness.restart()
        harness.skip()
        harness.announce(by: "nucleus#2", process: 44)
        harness.wait(.seconds(4))
        harness.announce(by: "nucleus", process: 43)
        harness.announce(by: "nucleus#3", process: 45)
        #expect(
            harness.read() == """
                0 s  nucleus#2 ← attached d-1 again
                0 s  nucleus#2 ← released d-1 on consent after 0 s, joined
                4 s  nucleus ← attached d-1 again
                4 s  nucleus ← released d-1 on consent after 0 s
                4 s  nucleus#3 ← attached d-1 again
                4 s  nucleus#3 ← released d-1 on consent after 0 s, joined
                """
        )
    }

    @Test func `is the one that was told so, and no other one that had waited with it`() {
        let harness = NegotiationHarness()
        harness.subscribe("app")
        harness.announce(process: 43)
        harness.announce(by: "nucleus#2", process: 44)
        harness.answer("app")
        harness.restart()
        harness.announce(by: "nucleus#3", process: 44)
        #expect(harness.read().hasSuffix("nucleus#3 ← released d-1 on consent after 0 s, joined"))
        harness.announce(by: "nucleus#4", process: 43)
        #expect(harness.read().hasSuffix("nucleus#4 ← released d-1 on consent after 0 s"))
    }

    @Test func `takes an open gate whose coordinator does not return, or had left before`() {
        let harness = NegotiationHarness()
        harness.announce(process: 43)
        harness.restart()
        harness.wait(Settings().reconnectGrace)
        harness.skip()
        harness.announce(by: "nucleus#2", process: 44)
        #expect(harness.read().hasSuffix("released d-1 on consent after 0 s"))
        harness.leave("nucleus#2")
        harness.announce(by: "nucleus#3", process: 45)
        #expect(harness.read().hasSuffix("released d-1 on consent after 0 s"))
        harness.restart()
        harness.announce(by: "nucleus#4", process: 46)
        #expect(harness.read().hasSuffix("joined"))
        harness.announce(by: "nucleus#3", process: 45)
        #expect(harness.read().hasSuffix("released d-1 on consent after 0 s"))
    }
}
