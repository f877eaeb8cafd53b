// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// Components that acknowledge, and defer again in each final asking: others are sent back to work.
@Suite("A component that breaks final askings") struct UnrestTests {
    /// An arm that acts on `final`, and others that do not.
    private func waiting(
        for others: [String],
        finalAskings: Int = 8,
        policy: Policy = Policy()
    ) -> NegotiationHarness {
        var settings = Settings()
        settings.maximumFinalAskings = finalAskings
        let harness = NegotiationHarness(settings: settings)
        harness.subscribe("arm", confirm: true)
        for other in others { harness.subscribe(other) }
        harness.announce(policy: policy)
        for other in others { harness.answer(other) }
        settle("arm", harness)
        return harness
    }

    /// Answers the standing question, but a final one only where it `acts`.
    private func settle(_ label: String, _ harness: NegotiationHarness, acts: Bool = false) {
        guard let notice = harness.lastNotice(label), !notice.final || acts else { return }
        harness.answer(label, round: notice.round)
    }

    /// Acknowledges, and takes that back as soon as the arm was asked finally.
    private func disturb(_ label: String, _ harness: NegotiationHarness) {
        harness.answer(label)
        harness.answer(label, .milliseconds(100))
        settle("arm", harness)
    }

    /// How often a component was asked finally, last calls aside.
    private func finals(_ label: String, _ harness: NegotiationHarness) -> Int {
        (harness.notices[label] ?? []).count { $0.final && !$0.lastCall }
    }

    @Test func `has the first one for what it asks`() {
        let harness = waiting(for: ["till"])
        harness.skip()
        harness.answer("till", .seconds(5))
        #expect(harness.read().contains("till ← granted 5 s"))
        settle("arm", harness)
        harness.answer("till")
        #expect(finals("arm", harness) == 2)
    }

    @Test func `is granted a response time for the second, and twice as long for each further one`()
    {
        let harness = waiting(for: ["till"])
        disturb("till", harness)
        harness.skip()
        for hold in [60, 120, 240] {
            disturb("till", harness)
            #expect(harness.read().contains("till ← granted \(hold) s"))
            harness.wait(.seconds(hold))
            #expect(harness.state("till") == .asked)
        }
    }

    @Test func `cannot lift that deferral, and is asked again when it ends`() {
        let harness = waiting(for: ["till"])
        for _ in 1...2 { disturb("till", harness) }
        harness.wait(.seconds(59))
        harness.answer("till")
        harness.answer("till", .milliseconds(100))
        harness.answer("till")
        #expect(harness.blockers() == ["till"])
        #expect(harness.participant("till")?.until == .seconds(1))
        harness.skip()
        harness.wait(.seconds(1))
        #expect(harness.read() == "60 s  till ← notice d-1 round 2, respond by 60 s")
        harness.answer("till")
        #expect(harness.blockers() == ["arm"])
    }

    @Test func `pays for it, and those that it sends back to work do not`() {
        let harness = waiting(for: ["till"], policy: Policy(maxTotalDefer: .seconds(100)))
        disturb("till", harness)
        disturb("till", harness)
        harness.wait(.seconds(60))
        disturb("till", harness)
        harness.skip()
        harness.wait(.seconds(40))
        #expect(harness.state("till") == .overridden)
        settle("arm", harness, acts: true)
        #expect(harness.read().contains("released d-1 on capped"))
        #expect(finals("arm", harness) == 4)
        #expect(harness.participant("arm")?.blocked == .zero)
    }

    @Test func `is granted no more than one answer may have`() {
        let harness = waiting(for: ["till"], policy: Policy(maxDefer: .seconds(10)))
        disturb("till", harness)
        harness.skip()
        disturb("till", harness)
        #expect(harness.read().contains("till ← granted 10 s"))
    }

    @Test func `sends nobody back to work out of the last final asking`() {
        let doors = (1...9).map { "door\($0)" }
        let harness = waiting(for: doors)
        for door in doors.prefix(7) {
            harness.answer(door, .milliseconds(100))
            settle("arm", harness)
            harness.answer(door)
        }
        #expect(finals("arm", harness) == 8)
        harness.skip()
        harness.answer("door8", .seconds(60))
        settle("arm", harness, acts: true)
        harness.answer("door9", .seconds(30))
        harness.answer("door9")
        #expect(harness.blockers() == ["door8"])
        #expect(!harness.read().contains("arm ← notice"))
        harness.answer("door8")
        #expect(harness.read().contains("released d-1 on consent"))
        #expect(finals("arm", harness) == 8)
    }

    @Test func `has its whole deferral in the last one, and old acknowledgements go stale in it`() {
        let harness = waiting(for: ["door", "till"], finalAskings: 2)
        disturb("door", harness)
        harness.answer("door")
        harness.skip()
        harness.answer("till", .seconds(600))
        #expect(harness.read() == "0 s  till ← granted 600 s, 42600 s left")
        settle("arm", harness, acts: true)
        harness.wait(.seconds(600))
        harness.skip()
        harness.answer("till")
        #expect(
            harness.read() == """
                600 s  till ← granted 0 s, 42600 s left
                600 s  door ← notice d-1 round 2, respond by 60 s, final
                """
        )
        harness.answer("door")
        #expect(!harness.isWaiting())
        #expect(finals("arm", harness) == 2)
    }

    @Test func `and acts on a final notice itself is sent back to work alone by the last one`() {
        let harness = waiting(for: ["door"], finalAskings: 2)
        harness.subscribe("till", confirm: true)
        settle("till", harness)
        disturb("door", harness)
        settle("till", harness)
        harness.answer("door")
        settle("till", harness, acts: true)
        harness.skip()
        harness.answer("till", .seconds(5))
        #expect(
            harness.read() == """
                0 s  till ← granted 5 s, 43195 s left
                0 s  till ← notice d-1 round 4, respond by 60 s
                """
        )
        settle("arm", harness, acts: true)
        harness.answer("till", round: 4)
        #expect(harness.read().contains("till ← notice d-1 round 5, respond by 60 s, final"))
        harness.answer("till", round: 5)
        #expect(!harness.isWaiting())
    }

    @Test func `and was sent back to work by the last one is asked finally again, also if late`() {
        let harness = waiting(for: ["door"], finalAskings: 2)
        harness.subscribe("till", confirm: true)
        settle("till", harness)
        disturb("door", harness)
        settle("till", harness)
        harness.answer("door")
        settle("arm", harness, acts: true)
        harness.answer("till", .seconds(600))
        harness.wait(.seconds(660))
        #expect(harness.lastNotice("door")?.final == true)
        harness.skip()
        harness.answer("till")
        #expect(harness.read().contains("respond by 60 s, final"))
    }

    @Test func `finds its count after it hung up, and after a death of the broker`() {
        let harness = waiting(for: ["till"], finalAskings: 3)
        disturb("till", harness)
        harness.answer("till")
        harness.restart()
        harness.announce()
        harness.subscribe("arm", confirm: true)
        harness.subscribe("till")
        settle("arm", harness, acts: true)
        harness.skip()
        harness.answer("till", .milliseconds(100))
        #expect(harness.read().contains("till ← granted 60 s"))
        harness.hangUp("till")
        harness.wait(.seconds(5))
        harness.subscribe("till")
        settle("arm", harness)
        harness.answer("till")
        settle("arm", harness, acts: true)
        harness.skip()
        harness.subscribe("till#2")
        harness.answer("till#2", .milliseconds(100))
        #expect(!harness.read().contains("arm ← notice"))
    }

    @Test func `keeps its deferral over a death of the broker, whatever it answers`() {
        let harness = waiting(for: ["till"])
        for _ in 1...2 { disturb("till", harness) }
        harness.restart()
        harness.announce()
        harness.subscribe("arm", confirm: true)
        settle("arm", harness)
        harness.subscribe("till")
        harness.answer("till")
        #expect(harness.participant("till")?.until == .seconds(60))
    }

    @Test func `is one only where another component was asked finally that acts on it`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", confirm: true)
        harness.announce()
        for round in stride(from: Int64(1), to: 40, by: 2) {
            harness.answer("arm", round: round)
            harness.answer("arm", .milliseconds(100))
            #expect(harness.participant("arm")?.until == .milliseconds(100))
        }
    }
}
