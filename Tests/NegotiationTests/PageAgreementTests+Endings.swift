// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

// How an update ends, and what is said of it.

extension PageAgreementTests {
    @Test func `An answer before the coordinator is back still averts a refusal`() {
        let policy = Policy(responseTimeout: .seconds(2), onSilence: .refuse)
        let rehearsal = asked(policy, others: [])
        rehearsal.leave()
        rehearsal.wait(.seconds(3))
        #expect(rehearsal.state("camera") == .silent)
        rehearsal.answer("camera")
        rehearsal.skip()
        rehearsal.announce()
        #expect(rehearsal.read().contains("released d-1 on consent"))
    }

    @Test(
        arguments: [
            Policy(deadline: .zero), Policy(responseTimeout: .zero, deadline: .zero),
            Policy(deadline: .zero, maxTotalDefer: .zero),
        ]
    )
    func `opens at the deadline or later, and not all have acknowledged`(policy: Policy) {
        let rehearsal = asked(policy, others: [])
        #expect(rehearsal.status()?.isReleased == true)
        #expect(rehearsal.basis == .deadline)
    }

    @Test func `With all ready, a deadline that passed leaves the basis consent`() {
        let rehearsal = asked(Policy(deadline: .seconds(20)), others: [])
        rehearsal.answer("door")
        rehearsal.wait(.seconds(18))
        rehearsal.leave()
        rehearsal.answer("camera")
        rehearsal.wait(.seconds(4))
        rehearsal.announce()
        #expect(rehearsal.basis == .consent)
        let nobody = Rehearsal()
        nobody.announce(policy: Policy(deadline: .zero))
        #expect(nobody.basis == .consent)
    }

    @Test func `unmatched lists the names that no participant has`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce(policy: Policy(require: ["till"]), components: ["camera", "till"])
        rehearsal.hangUp("camera")
        rehearsal.announce(by: "nucleus#2")
        let skipped = Policy(notification: .skip)
        rehearsal.announce("d-2", by: "nucleus#3", policy: skipped, components: ["till"])
        #expect(
            rehearsal.read() == """
                0 s  nucleus ← attached d-1 to camera till, unmatched till
                0 s  camera ← notice d-1 round 1, respond by 60 s
                0 s  nucleus#2 ← attached d-1 again to camera till, unmatched till
                0 s  nucleus#3 ← attached d-2
                0 s  nucleus#3 ← released d-2 on skipped after 0 s
                """
        )
    }

    @Test func `A required component takes part also where components does not name it`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("till", "camera", "arm")
        rehearsal.announce(policy: Policy(require: ["till"]), components: ["camera"])
        #expect(rehearsal.blockers() == ["camera", "till"])
        #expect(rehearsal.lastNotice("till")?.components == ["camera"])
    }

    @Test func `Another verb on an update that has ended is a ConflictError`() {
        let cancelled = asked()
        cancelled.cancel()
        cancelled.skip()
        cancelled.complete()
        cancelled.force()
        #expect(
            cancelled.read() == """
                0 s  operator ← failed: already cancelled
                0 s  operator ← failed: already cancelled
                """
        )
        let completed = asked(others: [])
        completed.answer("camera")
        completed.complete()
        completed.skip()
        completed.cancel()
        completed.force()
        #expect(
            completed.read() == """
                0 s  operator ← failed: already completed
                0 s  operator ← failed: already completed
                """
        )
    }

    @Test func `whose coordinator did not come back counts as cancelled`() {
        let rehearsal = asked()
        rehearsal.leave()
        rehearsal.wait(.seconds(5))
        rehearsal.skip()
        rehearsal.cancel()
        rehearsal.force()
        #expect(
            rehearsal.read() == """
                5 s  operator ← done
                5 s  operator ← failed: already cancelled
                """
        )
    }

    @Test func `To complete it with another outcome succeeds; the first one stands`() {
        let rehearsal = asked(others: [])
        rehearsal.answer("camera")
        rehearsal.complete("d-1", .applied)
        rehearsal.skip()
        rehearsal.complete("d-1", .failed)
        #expect(rehearsal.read() == "0 s  operator ← done")
        #expect(rehearsal.negotiation.post(of: "d-1")?.outcome == .applied)
    }

    @Test func `also where it was asked for and the update was then cancelled`() {
        let rehearsal = asked()
        rehearsal.leave()
        rehearsal.force()
        rehearsal.wait(.seconds(5))
        guard case .ended(let update, _)? = rehearsal.decisions.last else {
            Issue.record("it has ended")
            return
        }
        #expect(update.forced == Force(by: "operator", reason: "now"))
    }

    @Test func `All that fell due while the broker was down counts as one instant`() {
        let rehearsal = asked(Policy(maxTotalDefer: .seconds(40), onSilence: .refuse))
        rehearsal.answer("camera", .seconds(38))
        rehearsal.answer("arm")
        rehearsal.waitUntilJustBeforeTimers(.seconds(45))
        rehearsal.restart()
        rehearsal.skip()
        rehearsal.announce()
        rehearsal.fireDue()
        #expect(rehearsal.read().contains("released d-1 on capped after 45 s, overridden camera"))
    }

    @Test func `ageMs counts on after the release, deadlineInMs down to 0`() {
        let rehearsal = asked(Policy(deadline: .seconds(20)), others: [])
        rehearsal.answer("camera")
        rehearsal.wait(.seconds(30))
        #expect(rehearsal.status()?.age == .seconds(30))
        #expect(rehearsal.status()?.deadlineIn == .zero)
    }
}

extension Rehearsal {
    fileprivate var basis: Basis? { negotiation.update("d-1")?.release?.basis }
}
