// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

@Suite("The deadline") struct DeadlineTests {
    @Test func `opens the gate, after a last call to everyone concerned`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce(policy: Policy(responseTimeout: .seconds(20), deadline: .seconds(100)))
        rehearsal.answer("arm", .seconds(3_600))
        rehearsal.answer("camera")
        rehearsal.skip()
        rehearsal.wait(.seconds(100))
        #expect(
            rehearsal.read() == """
                80 s  arm ← last call d-1 round 1, respond by 20 s, final
                80 s  camera ← last call d-1 round 1, respond by 20 s, final
                100 s  nucleus ← released d-1 on deadline after 100 s, overridden arm
                """
        )
    }

    @Test func `earlier than the response time makes silent whoever owes an answer`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce(policy: Policy(deadline: .seconds(10)))
        rehearsal.wait(.seconds(10))
        #expect(
            rehearsal.read() == """
                0 s  nucleus ← attached d-1 to camera
                0 s  camera ← notice d-1 round 1, respond by 10 s
                5 s  camera ← last call d-1 round 1, respond by 5 s, final
                10 s  nucleus ← released d-1 on deadline after 10 s, silent camera
                """
        )
    }

    @Test func `of nothing tells everyone and waits for nobody`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce(policy: Policy(deadline: .zero))
        #expect(
            rehearsal.read() == """
                0 s  nucleus ← attached d-1 to camera
                0 s  camera ← notice d-1 round 1, respond by 0 s
                0 s  nucleus ← released d-1 on deadline after 0 s, silent camera
                """
        )
    }

    @Test func `refuses where silence refuses`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce(policy: Policy(deadline: .seconds(10), onSilence: .refuse))
        rehearsal.skip()
        rehearsal.wait(.seconds(10))
        #expect(
            rehearsal.read() == """
                5 s  camera ← last call d-1 round 1, respond by 5 s, final
                10 s  nucleus ← refused d-1: no answer from camera
                10 s  camera ← post d-1 cancelled
                """
        )
    }

    @Test func `opens over deferrals also where silence refuses`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce(policy: Policy(deadline: .seconds(10), onSilence: .refuse))
        rehearsal.answer("camera", .seconds(30))
        rehearsal.wait(.seconds(10))
        #expect(rehearsal.read().contains("released d-1 on deadline"))
    }

    @Test func `lets an answer of the same instant come first`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce(policy: Policy(deadline: .seconds(10)))
        rehearsal.wait(.seconds(9))
        rehearsal.waitUntilJustBeforeTimers(.seconds(1))
        rehearsal.answer("camera")
        #expect(rehearsal.read().contains("released d-1 on consent after 10 s"))
    }

    @Test func `leaves nothing to grant in its last millisecond`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce(policy: Policy(deadline: .seconds(10)))
        rehearsal.wait(.microseconds(9_999_500))
        rehearsal.skip()
        rehearsal.answer("camera", .seconds(1))
        #expect(rehearsal.read() == "9.999 s  camera ← failed: deadline passed")
    }

    @Test func `is announced to each subscription that comes after the last call`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce(policy: Policy(deadline: .seconds(10)))
        rehearsal.answer("camera", .seconds(30))
        rehearsal.wait(.seconds(7))
        rehearsal.skip()
        rehearsal.subscribe("arm", "camera#2")
        #expect(
            rehearsal.read() == """
                7 s  arm ← notice d-1 round 1, respond by 3 s
                7 s  arm ← last call d-1 round 1, respond by 3 s, final
                7 s  camera#2 ← last call d-1 round 1, respond by 3 s, final
                """
        )
    }

    @Test func `is not moved by an answer to its last call`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce(policy: Policy(deadline: .seconds(10)))
        rehearsal.wait(.seconds(6))
        rehearsal.answer("camera", .seconds(30))
        rehearsal.answer("arm", .seconds(2))
        rehearsal.wait(.seconds(4))
        #expect(rehearsal.read().contains("10 s  nucleus ← released d-1 on deadline after 10 s"))
    }

    @Test func `comes before budgets and other timers of the same instant`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce(policy: Policy(deadline: .seconds(60), maxTotalDefer: .seconds(60)))
        rehearsal.wait(.seconds(60))
        #expect(rehearsal.read().contains("released d-1 on deadline"))
    }
}
