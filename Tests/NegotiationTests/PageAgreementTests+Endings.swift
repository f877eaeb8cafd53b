// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

// How an update ends, and what is said of it.

extension PageAgreementTests {
    @Test func `An answer before the coordinator is back still averts a refusal`() {
        let policy = Policy(responseTimeout: .seconds(2), onSilence: .refuse)
        let harness = asked(policy, others: [])
        harness.leave()
        harness.wait(.seconds(3))
        #expect(harness.state("camera") == .silent)
        harness.answer("camera")
        harness.skip()
        harness.announce()
        #expect(harness.read().contains("released d-1 on consent"))
    }

    @Test(
        arguments: [
            Policy(deadline: .zero), Policy(responseTimeout: .zero, deadline: .zero),
            Policy(deadline: .zero, maxTotalDefer: .zero),
        ]
    )
    func `the gate opens at the deadline or later, and not all have acknowledged`(policy: Policy) {
        let harness = asked(policy, others: [])
        #expect(harness.status()?.isReleased == true)
        #expect(harness.basis == .deadline)
    }

    @Test(arguments: [Policy(responseTimeout: .zero), Policy(maxTotalDefer: .zero)])
    func `a response time or a budget of 0 the basis is silence`(policy: Policy) {
        let harness = asked(policy, others: [])
        #expect(harness.lastNotice("camera")?.respondBy == .zero)
        #expect(harness.basis == .silence)
    }

    @Test func `With all ready, a deadline that passed leaves the basis consent`() {
        let harness = asked(Policy(deadline: .seconds(20)), others: [])
        harness.wait(.seconds(18))
        harness.leave()
        harness.answer("camera")
        harness.wait(.seconds(4))
        harness.announce()
        #expect(harness.basis == .consent)
        let nobody = NegotiationHarness()
        nobody.announce(policy: Policy(deadline: .zero))
        #expect(nobody.basis == .consent)
    }

    @Test func `unmatched lists the names of components that were never there`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce(policy: Policy(require: ["till"]), components: ["camera", "till"])
        harness.hangUp("camera")
        harness.announce(by: "nucleus#2")
        let skipped = Policy(notification: .skip)
        harness.announce("d-2", by: "nucleus#3", policy: skipped, components: ["till"])
        #expect(
            harness.read() == """
                0 s  nucleus ← attached d-1 to camera till, unmatched till
                0 s  camera ← notice d-1 round 1, respond by 60 s
                0 s  nucleus#2 ← attached d-1 again to camera till, unmatched till
                0 s  nucleus#3 ← attached d-2
                0 s  nucleus#3 ← released d-2 on skipped after 0 s
                """
        )
        harness.subscribe("till")
        harness.hangUp("till")
        harness.skip()
        harness.announce(by: "nucleus#4")
        #expect(harness.read() == "0 s  nucleus#4 ← attached d-1 again to camera till")
    }

    @Test func `A required component takes part also where components does not name it`() {
        let harness = NegotiationHarness()
        harness.subscribe("till", "camera", "arm")
        harness.announce(policy: Policy(require: ["till"]), components: ["camera"])
        #expect(harness.blockers() == ["camera", "till"])
        #expect(harness.lastNotice("till")?.components == ["camera"])
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
                0 s  operator ← failed: already applied
                0 s  operator ← failed: already applied
                """
        )
    }

    @Test func `An update whose coordinator did not come back counts as cancelled`() {
        let harness = asked()
        harness.leave()
        harness.wait(.seconds(5))
        harness.skip()
        harness.cancel()
        harness.force()
        #expect(
            harness.read() == """
                5 s  operator ← done
                5 s  operator ← failed: already cancelled
                """
        )
    }

    @Test func `To complete an update with another outcome is a ConflictError`() {
        let harness = asked(others: [])
        harness.answer("camera")
        harness.complete("d-1", .applied)
        harness.skip()
        harness.complete("d-1", .failed)
        #expect(harness.read() == "0 s  operator ← failed: already applied")
        #expect(harness.negotiation.post(of: "d-1")?.outcome == .applied)
    }

    @Test func `forced is there also where it was asked for and the update was then cancelled`() {
        let harness = asked()
        harness.leave()
        harness.force()
        harness.wait(.seconds(5))
        guard case .ended(let update, _)? = harness.decisions.last else {
            Issue.record("it has ended")
            return
        }
        #expect(update.forced == Force(by: "operator", reason: "now"))
    }

    @Test func `All that fell due while the broker was down counts as one instant`() {
        let harness = asked(Policy(maxTotalDefer: .seconds(40), onSilence: .refuse))
        harness.answer("camera", .seconds(38))
        harness.answer("arm")
        harness.waitUntilJustBeforeTimers(.seconds(45))
        harness.restart()
        harness.skip()
        harness.announce()
        harness.fireDue()
        #expect(harness.read().contains("released d-1 on capped after 45 s, overridden camera"))
    }

    @Test func `ageMs counts on after the release, deadlineInMs down to 0`() {
        let harness = asked(Policy(deadline: .seconds(20)), others: [])
        harness.answer("camera")
        harness.wait(.seconds(30))
        #expect(harness.status()?.age == .seconds(30))
        #expect(harness.status()?.deadlineIn == .zero)
    }
}

extension NegotiationHarness {
    fileprivate var basis: Basis? { negotiation.update("d-1")?.release?.basis }
}
