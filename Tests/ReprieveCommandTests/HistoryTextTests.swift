// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import Testing

@testable import reprieve_cli

private let announced: Int64 = 1_795_467_600_000

private func participant(
    _ name: String,
    _ state: ParticipantState,
    after milliseconds: Int64 = 0
) -> DecidedParticipantShape {
    var participant = DecidedParticipantShape(component: "com.example." + name, state: state)
    participant.sinceAtMs = announced + milliseconds
    participant.rounds = 1
    return participant
}

private func decision(
    _ basis: Basis,
    _ participants: [DecidedParticipantShape],
    after milliseconds: Int64 = 7_805_000
) -> DecisionShape {
    var decision = DecisionShape(deploymentID: "d-42")
    decision.announcedAtMs = announced
    decision.waitedMs = milliseconds
    decision.releasedAtMs = announced + milliseconds
    decision.basis = basis
    decision.participants = participants
    return decision
}

private func lines(_ decision: DecisionShape) -> [Substring] {
    text(HistoryShape(decisions: [decision]), of: nil).split(separator: "\n")
}

@Suite("The text of the history") struct HistoryTextTests {
    @Test func `names the component that was ready last`() {
        let late = participant("Camera", .acknowledged, after: 7_805_000)
        let shown = lines(decision(.consent, [late, participant("Arm", .acknowledged)]))
        let expected = "all components were ready; last: com.example.Camera"
        #expect(shown[2].hasSuffix("  released after 2 h 10 min, " + expected))
        let alone = lines(decision(.consent, [late]))
        #expect(alone[2].hasSuffix("all components were ready"))
    }

    @Test func `names the overridden and the silent components`() {
        let all = [participant("Arm", .overridden), participant("Till", .gone)]
        var forced = decision(.forced, all, after: 61_500)
        forced.forced = ByWhomShape(by: "uid 0, pid 4711", reason: "a hole is being used")
        let words = "forced by root (uid 0, pid 4711): a hole is being used"
        let rest = "; overridden: com.example.Arm; silent: com.example.Till"
        #expect(lines(forced)[2].hasSuffix("released after 1 min 1 s, " + words + rest))
        let deadline = "the deadline had passed" + rest
        #expect(lines(decision(.deadline, all))[2].hasSuffix(deadline))
        let capped = "the budget of com.example.Arm was spent; silent: com.example.Till"
        #expect(lines(decision(.capped, all))[2].hasSuffix(capped))
    }

    @Test func `has both the reason of the last deferral and the last message`() {
        var camera = participant("Camera", .acknowledged, after: 3_400)
        camera.rounds = 4
        camera.deferrals = 3
        camera.blockedMs = 3_400
        camera.lastDeferral = LastDeferralShape(grantedMs: 600_000, message: "recording")
        camera.message = "saved"
        let table = lines(decision(.consent, [camera], after: 3_400)).suffix(2)
        let columns = ["ASKED", "DEFERRED", "BLOCKED", "LAST DEFERRAL", "MESSAGE"]
        let cells = ["4x", "3x", "3.4 s", "10 min: recording", "saved"]
        let (head, row) = (table.first ?? "", table.last ?? "")
        #expect(offsets(of: columns, in: head) == offsets(of: cells, in: row))
        camera.message = "recording"
        #expect(lines(decision(.consent, [camera])).last?.hasSuffix("10 min: recording") == true)
    }

    @Test func `omits the date of the release`() {
        let early = participant("Arm", .acknowledged, after: -400_000_000)
        let late = participant("Camera", .acknowledged)
        let shown = lines(decision(.consent, [early, late], after: 0))
        let release = localTime(announced)
        #expect(shown[4].contains("  \(localTime(announced - 400_000_000).prefix(19))  "))
        #expect(shown[5].contains("  \(release.dropFirst(11).prefix(8))"))
        #expect(!shown[5].contains(release.prefix(10)))
    }
}

@Suite("A filter of the history") struct HistoryFilterTests {
    private func takes(_ change: (inout HistoryFilter) -> Void) -> Bool {
        var decided = decision(.consent, [participant("Arm", .acknowledged)], after: 1_000)
        decided.endedAtMs = announced + 5_000
        decided.outcome = .failed
        var filter = HistoryFilter()
        change(&filter)
        return filter.takes(decided, at: announced + 65_000)
    }

    @Test func `takes what ended in a time`() {
        #expect(takes { $0.sinceMs = 60_000 })
        #expect(!takes { $0.sinceMs = 59_000 })
    }

    @Test func `takes what asked a component, also in a unit`() {
        #expect(takes { $0.component = "com.example.Arm" })
        #expect(!takes { $0.component = "Arm" })
    }

    @Test func `takes what has an outcome`() {
        #expect(takes { $0.outcome = .failed })
        #expect(!takes { $0.outcome = .applied })
        #expect(KnownOutcome(argument: "rolled-back")?.outcome == .rolledBack)
        #expect(KnownOutcome(argument: "postponed") == nil)
    }
}

@Suite("Who did something") struct ActorTextTests {
    @Test func `is shown with the name of the user`() {
        let name = { (user: UInt32) in user == 1_000 ? "anna" : nil }
        #expect(actor("uid 1000, pid 4", named: name) == "anna (uid 1000, pid 4)")
        #expect(actor("uid 1001, pid 4", named: name) == "uid 1001, pid 4")
        #expect(actor("com.example.Arm", named: name) == "com.example.Arm")
        #expect(actor("uid x\u{1B}", named: name) == #"uid x\u{1b}"#)
    }
}

private func offsets(of words: [String], in line: Substring) -> [Int?] {
    words.map { word in
        let place = line.firstRange(of: "  " + word)?.lowerBound
        return place.map { line.distance(from: line.startIndex, to: $0) }
    }
}
