// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

@Suite("A suspended device") struct SuspendTests {
    @Test func `uses up no response time`() {
        let harness = waiting()
        harness.wait(.seconds(10))
        harness.suspend(.seconds(3_600))
        #expect(harness.participant("camera")?.until == .seconds(50))
        harness.wait(.seconds(50))
        #expect(harness.read().contains("released d-1 on silence after 3660 s"))
    }

    @Test func `uses up no grace of a component or a coordinator`() {
        let harness = waiting()
        harness.hangUp("camera")
        harness.leave()
        harness.suspend(.seconds(3_600))
        #expect(harness.participant("camera")?.until == .seconds(5))
        harness.wait(.milliseconds(4_999))
        #expect(harness.isWaiting())
    }

    @Test func `leaves a returning component the response time it had`() {
        let harness = waiting()
        harness.wait(.seconds(10))
        harness.hangUp("camera")
        harness.suspend(.seconds(3_600))
        harness.subscribe("camera")
        #expect(harness.lastNotice("camera")?.respondBy == .seconds(50))
    }

    @Test func `lets deferrals run out`() {
        let harness = waiting()
        harness.answer("camera", .seconds(100))
        harness.suspend(.seconds(100))
        #expect(harness.state("camera") == .asked)
    }

    @Test func `that slept through the deadline reaches it a response time after waking`() {
        let harness = waiting(Policy(deadline: .seconds(1_000)))
        harness.answer("camera", .seconds(900))
        harness.suspend(.seconds(5 * 24 * 3_600))
        #expect(
            harness.read() == """
                0 s  camera ← granted 900 s, 42300 s left
                120 h  camera ← notice d-1 round 2, respond by 60 s
                120 h  camera ← last call d-1 round 2, respond by 60 s, final
                """
        )
        harness.wait(.seconds(60))
        #expect(harness.read().contains("432060 s  nucleus ← released d-1 on deadline"))
    }

    @Test func `that slept through a budget leaves it to a component that comes in its unit`() {
        let harness = NegotiationHarness(naming: "shop/*")
        let policy = Policy(
            maxTotalDefer: .seconds(100),
            require: ["till"],
            onAbsence: .proceed
        )
        harness.announce(policy: policy)
        harness.suspend(.seconds(3_600))
        #expect(harness.underway("shop/till").isEmpty)
        harness.skip()
        harness.subscribe("shop/till")
        #expect(harness.read() == "1 h  shop/till ← notice d-1 round 1, respond by 60 s")
    }

    @Test func `that slept through a budget ends it a response time after waking`() {
        let harness = waiting(Policy(maxTotalDefer: .seconds(100)))
        harness.answer("camera", .seconds(90))
        harness.suspend(.seconds(3_600))
        #expect(
            harness.read() == """
                0 s  camera ← granted 90 s, 10 s left
                1 h  camera ← notice d-1 round 2, respond by 60 s
                1 h  camera ← last call d-1 round 2, respond by 60 s
                """
        )
        harness.answer("camera", .seconds(90))
        harness.wait(.seconds(60))
        #expect(harness.read().contains("released d-1 on capped after 3660 s"))
    }

    @Test func `moves no deadline that ended before or after its sleep`() {
        let harness = waiting(Policy(deadline: .seconds(100)))
        harness.answer("camera", .seconds(100))
        harness.wait(.seconds(97))
        harness.leave()
        harness.wait(.seconds(4))
        harness.suspend(.seconds(600))
        #expect(harness.status()?.deadlineIn == .zero)
        harness.skip()
        harness.announce()
        #expect(harness.read().contains("released d-1 on deadline"))

        let other = waiting(Policy(deadline: .seconds(100)))
        other.answer("camera", .seconds(100))
        other.suspend(.seconds(99))
        #expect(other.status()?.deadlineIn == .seconds(1))
    }

    private func waiting(_ policy: Policy = Policy()) -> NegotiationHarness {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce(policy: policy)
        harness.skip()
        return harness
    }
}

@Suite("The clock") struct ClockTests {
    @Test func `may jump forward by days, and no component is asked twice`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce()
        harness.answer("camera")
        harness.answer("arm", .seconds(60))
        harness.skip()
        harness.waitUntilJustBeforeTimers(.seconds(3 * 24 * 3_600))
        harness.fireDue()
        #expect(
            harness.read()
                == "72 h  nucleus ← released d-1 on deadline after 72 h, overridden arm"
        )
    }
}
