// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

@Suite("One update at a time:") struct ExclusionTests {
    private let harness = NegotiationHarness()

    /// d-1 is released, and d-2 waits for its end.
    private func underway(_ policy: Policy = Policy()) {
        harness.subscribe("camera")
        harness.announce("d-1")
        harness.answer("camera", to: "d-1")
        harness.announce("d-2", by: "apt", policy: policy)
        harness.answer("camera", to: "d-2")
        harness.skip()
    }

    @Test func `an update waits for one that is under way, and goes when that is over`() {
        underway()
        #expect(harness.blockers("d-2") == ["update d-1"])
        harness.wait(.seconds(50))
        harness.complete("d-1")
        #expect(harness.read().contains("50 s  apt ← released d-2 on consent after 50 s"))
    }

    @Test func `a consent that has grown old in the wait is asked for again`() {
        underway()
        harness.wait(.seconds(121))
        harness.complete("d-1")
        #expect(harness.read().contains("121 s  camera ← notice d-2 round 2"))
        #expect(harness.isWaiting("d-2"))
    }

    @Test func `of two that wait the one announced first goes first`() {
        harness.subscribe("camera")
        harness.announce("d-1")
        harness.answer("camera", to: "d-1")
        harness.wait(.seconds(1))
        for id in ["later", "a-last"] {
            harness.announce(id)
            harness.answer("camera", to: id)
            harness.wait(.seconds(1))
        }
        #expect(harness.blockers("a-last") == ["update d-1"])
        harness.complete("d-1")
        #expect(!harness.isWaiting("later"))
        #expect(harness.blockers("a-last") == ["update later"])
    }

    @Test func `two that become ready in one instant go in the order of their announcement`() {
        harness.subscribe("camera")
        harness.announce("z-first")
        harness.wait(.seconds(1))
        harness.announce("a-second")
        harness.hangUp("camera")
        harness.wait(.seconds(5))
        #expect(!harness.isWaiting("z-first"))
        #expect(harness.blockers("a-second") == ["update z-first"])
    }

    @Test(arguments: [false, true])
    func `of two that wait the one announced first goes first, also when time ends a third`(
        isShutdown: Bool
    ) {
        let policy = Policy(responseTimeout: .seconds(400))
        harness.subscribe("camera")
        harness.announce("first", policy: policy, disruption: .halt)
        harness.announce("forced", by: "apt", policy: policy)
        harness.force("forced")
        harness.wait(.seconds(1))
        harness.announce("last", policy: policy, disruption: .reboot) {
            $0.isShutdown = isShutdown
        }
        for id in ["first", "last"] { harness.answer("camera", to: id) }
        harness.leave("apt")
        harness.wait(.seconds(300))
        #expect(!harness.isWaiting("first"))
        #expect(harness.blockers("last") == ["update first"])
    }

    @Test func `of two that wait the one announced first goes first, also after a veto's silence`()
    {
        let harness = NegotiationHarness(vetoes: "permit")
        harness.subscribe("permit", confirm: true)
        harness.subscribe("door")
        harness.announce("first", components: ["door"])
        harness.answer("door", .seconds(2), to: "first")
        harness.wait(.seconds(1))
        harness.announce("asking", components: ["door", "permit"])
        for name in ["door", "permit"] { harness.answer(name, to: "asking") }
        harness.wait(.seconds(1))
        harness.announce("last", components: ["door"])
        for id in ["first", "last"] { harness.answer("door", to: id) }
        #expect(harness.blockers("first") == ["update asking"])
        #expect(harness.blockers("last") == ["update asking"])
        harness.wait(.seconds(60))
        #expect(!harness.isWaiting("first"))
        #expect(harness.blockers("last") == ["update first"])
    }

    @Test func `no second final asking begins while one runs`() {
        harness.subscribe("arm", confirm: true)
        harness.announce("d-1")
        harness.announce("d-2")
        harness.answer("arm", to: "d-1")
        harness.answer("arm", to: "d-2")
        #expect(harness.blockers("d-1") == ["arm"])
        #expect(harness.blockers("d-2") == ["update d-1"])
        harness.answer("arm", .seconds(10), to: "d-1", round: 2)
        #expect(harness.blockers("d-2") == ["arm"])
    }

    @Test func `of two final askings, one of which a silent veto kept from counting, one waits`() {
        let harness = NegotiationHarness(vetoes: "permit")
        harness.subscribe("permit", confirm: true)
        harness.announce("d-1", policy: Policy(responseTimeout: .zero))
        harness.announce("d-2")
        for id in ["d-1", "d-2"] { harness.answer("permit", to: id) }
        harness.answer("permit", to: "d-1", round: 2)
        #expect(harness.blockers("d-1") == ["update d-2"])
        #expect(harness.blockers("d-2") == ["permit"])
        harness.answer("permit", to: "d-2", round: 2)
        #expect(!harness.isWaiting("d-2"))
        #expect(harness.isWaiting("d-1"))
    }

    @Test func `a final asking ends when another update is forced`() {
        harness.subscribe("arm", confirm: true)
        harness.announce("d-1")
        harness.announce("d-2", policy: Policy(deadline: .seconds(100)))
        harness.answer("arm", to: "d-1")
        harness.skip()
        harness.force("d-2")
        #expect(harness.read().contains("arm ← notice d-1 round 3"))
        #expect(harness.blockers("d-1") == ["arm", "update d-2"])
    }

    @Test func `a final asking ends when another update opens before it in one instant`() {
        harness.subscribe("arm", confirm: true)
        harness.subscribe("door")
        harness.announce("d-2", policy: Policy(deadline: .seconds(100)))
        harness.announce("d-1", policy: Policy(deadline: .seconds(30)), components: ["door"])
        harness.answer("arm", to: "d-2")
        harness.answer("door", to: "d-2")
        harness.answer("door", .seconds(90), to: "d-1")
        harness.skip()
        harness.wait(.seconds(30))
        #expect(harness.read().contains("arm ← notice d-2 round 3"))
        #expect(harness.blockers("d-2") == ["arm", "update d-1"])
    }

    @Test func `at its deadline it is refused by the one that is under way`() {
        underway(Policy(deadline: .seconds(90)))
        harness.wait(.seconds(90))
        #expect(harness.read().contains("apt ← refused d-2: update d-1 is under way"))
    }

    @Test func `that comes before a veto, also when its coordinator returns after the deadline`() {
        let harness = NegotiationHarness(vetoes: "permit")
        harness.announce("d-1", components: ["door"])
        harness.announce("d-2", by: "apt", policy: Policy(deadline: .seconds(90)))
        harness.wait(.seconds(89))
        harness.leave("apt")
        harness.wait(.seconds(2))
        harness.skip()
        harness.announce("d-2", by: "apt again", policy: Policy(deadline: .seconds(90)))
        #expect(harness.read().contains("apt again ← refused d-2: update d-1 is under way"))
    }

    @Test func `whoever watches is told of each update that it waits for`() {
        underway()
        harness.announce("d-3", by: "opkg")
        let before = harness.statusChanges
        harness.force("d-3")
        #expect(harness.blockers("d-2") == ["update d-1", "update d-3"])
        // Of both.
        #expect(harness.statusChanges == before + 2)
    }

    @Test func `force opens it, and both are under way`() {
        underway()
        harness.force("d-2")
        #expect(harness.read().contains("apt ← released d-2 on forced"))
        #expect(!harness.isWaiting("d-1") && !harness.isWaiting("d-2"))
    }

    @Test(
        arguments: [
            (["camera"], ["door"], Disruption.components, false),
            (["camera"], ["camera"], .components, true), (["camera"], nil, .components, true),
            (["unit/camera"], ["camera"], .components, true),
            (["camera"], ["unit/camera"], .components, true),
            (["a/camera"], ["b/camera"], .components, false),
            (["camera"], ["door"], .nucleus, true),
        ] as [([String], [String]?, Disruption, Bool)]
    )
    func `they conflict by name or by the nucleus`(
        one: [String],
        other: [String]?,
        disruption: Disruption,
        conflicts: Bool
    ) {
        harness.announce("d-1", components: one, disruption: disruption)
        harness.announce("d-2", components: other)
        #expect(!harness.isWaiting("d-1"))
        #expect(harness.blockers("d-2") == (conflicts ? ["update d-1"] : []))
        #expect(harness.isWaiting("d-2") == conflicts)
    }

    @Test(arguments: ["d-1", "d-2"])
    func `one that is not exclusive neither waits nor makes wait`(shared: String) {
        for id in ["d-1", "d-2"] { harness.announce(id) { $0.isExclusive = id != shared } }
        #expect(!harness.isWaiting("d-2"))
    }

    @Test func `a shutdown waits to its deadline, and nobody waits for it`() {
        harness.announce("d-1", components: ["camera"])
        harness.announce("shutdown", policy: Policy(deadline: .seconds(5))) {
            $0.isShutdown = true
            $0.disruption = .reboot
        }
        #expect(harness.blockers("shutdown") == ["update d-1"])
        harness.wait(.seconds(5))
        #expect(harness.read().contains("released shutdown on deadline"))
        harness.announce("d-2", components: ["door"])
        #expect(!harness.isWaiting("d-2"))
    }

    @Test(arguments: [(Disruption.kexec, false), (.powerOff, true)])
    func `a shutdown does not wait for the update that it belongs to`(
        disruption: Disruption,
        waits: Bool
    ) {
        harness.announce("d-1", disruption: disruption)
        harness.announce("shutdown", policy: Policy(deadline: .seconds(5))) {
            $0.isShutdown = true
            $0.disruption = .reboot
        }
        #expect(harness.isWaiting("shutdown") == waits)
    }
}
