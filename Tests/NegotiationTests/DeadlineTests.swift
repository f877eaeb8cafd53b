// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

@Suite("The deadline") struct DeadlineTests {
    @Test func `opens the gate, after a last call to everyone concerned`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce(policy: Policy(responseTimeout: .seconds(20), deadline: .seconds(100)))
        harness.answer("arm", .seconds(3_600))
        harness.answer("camera")
        harness.skip()
        harness.wait(.seconds(100))
        #expect(
            harness.read() == """
                80 s  arm ← last call d-1 round 1, respond by 20 s, final
                80 s  camera ← last call d-1 round 1, respond by 20 s, final
                100 s  nucleus ← released d-1 on deadline after 100 s, overridden arm
                """
        )
    }

    @Test func `earlier than the response time makes silent whoever owes an answer`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce(policy: Policy(deadline: .seconds(10)))
        harness.wait(.seconds(10))
        #expect(
            harness.read() == """
                0 s  nucleus ← attached d-1 to camera
                0 s  camera ← notice d-1 round 1, respond by 10 s
                5 s  camera ← last call d-1 round 1, respond by 5 s, final
                10 s  nucleus ← released d-1 on deadline after 10 s, silent camera
                """
        )
    }

    @Test func `of nothing tells everyone and waits for nobody`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce(policy: Policy(deadline: .zero))
        #expect(
            harness.read() == """
                0 s  nucleus ← attached d-1 to camera
                0 s  camera ← notice d-1 round 1, respond by 0 s
                0 s  nucleus ← released d-1 on deadline after 0 s, silent camera
                """
        )
    }

    @Test func `refuses where silence refuses`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce(policy: Policy(deadline: .seconds(10), onSilence: .refuse))
        harness.skip()
        harness.wait(.seconds(10))
        #expect(
            harness.read() == """
                5 s  camera ← last call d-1 round 1, respond by 5 s, final
                10 s  nucleus ← refused d-1: no answer from camera
                10 s  camera ← post d-1 cancelled
                """
        )
    }

    @Test func `opens over deferrals also where silence refuses`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce(policy: Policy(deadline: .seconds(10), onSilence: .refuse))
        harness.answer("camera", .seconds(30))
        harness.wait(.seconds(10))
        #expect(harness.read().contains("released d-1 on deadline"))
    }

    @Test func `lets an answer of the same instant come first`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce(policy: Policy(deadline: .seconds(10)))
        harness.wait(.seconds(9))
        harness.waitUntilJustBeforeTimers(.seconds(1))
        harness.answer("camera")
        #expect(harness.read().contains("released d-1 on consent after 10 s"))
    }

    @Test func `leaves nothing to grant in its last millisecond`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce(policy: Policy(deadline: .seconds(10)))
        harness.wait(.microseconds(9_999_500))
        harness.skip()
        harness.answer("camera", .seconds(1))
        #expect(harness.read() == "9.999 s  camera ← failed: deadline passed")
    }

    @Test func `is announced to each subscription that comes after the last call`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce(policy: Policy(deadline: .seconds(10)))
        harness.answer("camera", .seconds(30))
        harness.wait(.seconds(7))
        harness.skip()
        harness.subscribe("arm", "camera#2")
        #expect(
            harness.read() == """
                7 s  arm ← notice d-1 round 1, respond by 3 s
                7 s  arm ← last call d-1 round 1, respond by 3 s, final
                7 s  camera#2 ← last call d-1 round 1, respond by 3 s, final
                """
        )
    }

    @Test func `is not moved by an answer to its last call`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce(policy: Policy(deadline: .seconds(10)))
        harness.wait(.seconds(6))
        harness.answer("camera", .seconds(30))
        harness.answer("arm", .seconds(2))
        harness.wait(.seconds(4))
        #expect(harness.read().contains("10 s  nucleus ← released d-1 on deadline after 10 s"))
    }

    @Test func `comes before budgets and other timers of the same instant`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce(policy: Policy(deadline: .seconds(60), maxTotalDefer: .seconds(60)))
        harness.wait(.seconds(60))
        #expect(harness.read().contains("released d-1 on deadline"))
    }

    @Test func `has a last call in the status until its time has come, also where all are ready`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm")
        harness.subscribe("camera", confirm: true)
        harness.announce(policy: Policy(responseTimeout: .seconds(2), deadline: .seconds(3)))
        #expect(harness.status()?.lastCallIn != nil)
        harness.waitUntilJustBeforeTimers(.seconds(2))
        harness.answer("arm")
        harness.answer("camera")
        #expect(harness.status()?.lastCallIn == nil)
        harness.fireDue()
    }
}
