// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

@Suite("A suspended device") struct SleepTests {
    @Test func `uses up no response time`() {
        let rehearsal = waiting()
        rehearsal.wait(.seconds(10))
        rehearsal.sleep(.seconds(3_600))
        #expect(rehearsal.participant("camera")?.until == .seconds(50))
        rehearsal.wait(.seconds(50))
        #expect(rehearsal.read().contains("released d-1 on silence after 3660 s"))
    }

    @Test func `uses up no grace of a component or a coordinator`() {
        let rehearsal = waiting()
        rehearsal.hangUp("camera")
        rehearsal.leave()
        rehearsal.sleep(.seconds(3_600))
        #expect(rehearsal.participant("camera")?.until == .seconds(5))
        rehearsal.wait(.milliseconds(4_999))
        #expect(rehearsal.isWaiting())
    }

    @Test func `leaves a returning component the response time it had`() {
        let rehearsal = waiting()
        rehearsal.wait(.seconds(10))
        rehearsal.hangUp("camera")
        rehearsal.sleep(.seconds(3_600))
        rehearsal.subscribe("camera")
        #expect(rehearsal.lastNotice("camera")?.respondBy == .seconds(50))
    }

    @Test func `lets deferrals run out`() {
        let rehearsal = waiting()
        rehearsal.answer("camera", .seconds(100))
        rehearsal.sleep(.seconds(100))
        #expect(rehearsal.state("camera") == .asked)
    }

    @Test func `that slept through the deadline reaches it a response time after waking`() {
        let rehearsal = waiting(Policy(deadline: .seconds(1_000)))
        rehearsal.answer("camera", .seconds(900))
        rehearsal.sleep(.seconds(5 * 24 * 3_600))
        #expect(
            rehearsal.read() == """
                0 s  camera ← granted 900 s, 42300 s left
                120 h  camera ← notice d-1 round 2, respond by 60 s
                120 h  camera ← last call d-1 round 2, respond by 60 s, final
                """
        )
        rehearsal.wait(.seconds(60))
        #expect(rehearsal.read().contains("432060 s  nucleus ← released d-1 on deadline"))
    }

    @Test func `that slept through a budget ends it a response time after waking`() {
        let rehearsal = waiting(Policy(maxTotalDefer: .seconds(100)))
        rehearsal.answer("camera", .seconds(90))
        rehearsal.sleep(.seconds(3_600))
        #expect(
            rehearsal.read() == """
                0 s  camera ← granted 90 s, 10 s left
                1 h  camera ← notice d-1 round 2, respond by 60 s
                1 h  camera ← last call d-1 round 2, respond by 60 s
                """
        )
        rehearsal.answer("camera", .seconds(90))
        rehearsal.wait(.seconds(60))
        #expect(rehearsal.read().contains("released d-1 on capped after 3660 s"))
    }

    @Test func `moves no deadline that ended before or after its sleep`() {
        let rehearsal = waiting(Policy(deadline: .seconds(100)))
        rehearsal.answer("camera", .seconds(100))
        rehearsal.wait(.seconds(97))
        rehearsal.leave()
        rehearsal.wait(.seconds(4))
        rehearsal.sleep(.seconds(600))
        #expect(rehearsal.status()?.deadlineIn == .zero)
        rehearsal.skip()
        rehearsal.announce()
        #expect(rehearsal.read().contains("released d-1 on deadline"))

        let other = waiting(Policy(deadline: .seconds(100)))
        other.answer("camera", .seconds(100))
        other.sleep(.seconds(99))
        #expect(other.status()?.deadlineIn == .seconds(1))
    }

    private func waiting(_ policy: Policy = Policy()) -> Rehearsal {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce(policy: policy)
        rehearsal.skip()
        return rehearsal
    }
}

@Suite("The clock") struct ClockTests {
    @Test func `may jump forward by days, and nobody is asked twice`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce()
        rehearsal.answer("camera")
        rehearsal.answer("arm", .seconds(60))
        rehearsal.skip()
        rehearsal.waitUntilJustBeforeTimers(.seconds(3 * 24 * 3_600))
        rehearsal.fireDue()
        #expect(
            rehearsal.read()
                == "72 h  nucleus ← released d-1 on deadline after 72 h, overridden arm"
        )
    }
}
