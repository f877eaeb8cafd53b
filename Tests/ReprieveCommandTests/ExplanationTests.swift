// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import Testing

@testable import reprieve_cli

private let now: Int64 = 1_795_467_600_000

private func time(_ milliseconds: Int64) -> String { clockTime(now + milliseconds, now: now) }

private func until(_ milliseconds: Int64) -> Substring { time(milliseconds).dropFirst(3) }

private func blocker(
    _ name: String,
    _ state: ParticipantState,
    untilMs: Int64? = 60_000
) -> ParticipantShape {
    ParticipantShape(
        component: name,
        state: state,
        sinceMs: 1_000,
        untilMs: untilMs,
        message: state == .deferred ? "recording" : nil,
        deferrals: state == .deferred ? 3 : 0,
        blockedMs: 2_400_000,
        remainingMs: 40_800_000
    )
}

private func update(_ participants: [ParticipantShape], after ids: [String] = []) -> UpdateShape {
    let blocking: [ParticipantState?] = [.deferred, .asked, .absent, .away]
    let names = participants.filter { blocking.contains($0.state) }.map(\.component)
    return UpdateShape(
        deploymentID: "d-42",
        state: .waiting,
        reason: "nucleus 2.13.0",
        disruption: .nucleus,
        ageMs: 312_000,
        deadlineInMs: 3_600_000,
        blockedBy: names + ids.map { "update " + $0 },
        participants: participants
    )
}

@Suite("Why an update waits") struct WaitingExplanationTests {
    @Test func `is said with what is left of a budget, and what would open the gate`() {
        let participants = [blocker("camera", .deferred), blocker("arm", .acknowledged)]
        #expect(
            explanation(of: update(participants), at: now) == [
                "Update d-42 (nucleus 2.13.0) has waited for 5 min 12 s.",
                "It waits for camera (recording), which deferred 3 times, now until"
                    + " \(until(60_000)), and has 11 h 20 min of its 12 h left.",
                "Ready: arm.",
                "It goes ahead \(time(3_600_000)) at the latest.",
                "It would go ahead now if camera said yes.",
            ]
        )
    }

    @Test func `names what follows from silence and absence`() {
        var strict = update([blocker("camera", .asked), blocker("till", .absent)])
        strict.onSilence = .refuse
        strict.onAbsence = .refuse
        strict.onDeadline = .refuse
        #expect(
            explanation(of: strict, at: now).dropFirst() == [
                "It waits for camera, which has until \(until(60_000)) to answer; without an"
                    + " answer the update is refused.",
                "It waits for till, which is required and not connected, until \(until(60_000)),"
                    + " after which the update is refused.",
                "It is refused \(time(3_600_000)) if it still waits then.",
                "It would go ahead now if camera and till said yes.",
            ]
        )
    }

    @Test func `names a veto`() {
        var veto = blocker("arm", .deferred)
        veto.veto = true
        let sentences = explanation(of: update([veto]), at: now)
        #expect(sentences[1].hasSuffix("; without its yes the update is refused."))
        #expect(!sentences[1].contains("left"))
        #expect(sentences[2] == "It is refused \(time(3_600_000)) if it still waits then.")
    }

    @Test func `names the update that is in its way`() {
        #expect(
            explanation(of: update([blocker("arm", .silent)], after: ["d-41"]), at: now)
                .dropFirst() == [
                    "It waits until update d-41 is over.",
                    "Not waited for any more: arm.",
                    "It is refused \(time(3_600_000)) if the other update is not over by then.",
                    "It would go ahead now if update d-41 were over.",
                ]
        )
    }

    @Test func `counts the components for which there is no room`() {
        let many = (1...12).map { blocker("c\($0)", .asked) }
        let sentences = explanation(of: update(many), at: now)
        #expect(sentences.count == 1 + 8 + 1 + 1)
        #expect(sentences[9] == "It waits for 4 more components.")
    }

    @Test func `cannot steer the terminal`() {
        var camera = blocker("camera", .deferred)
        camera.message = "\u{1B}[2J"
        let sentences = explanation(of: update([camera]), at: now)
        #expect(!sentences.joined().contains("\u{1B}"))
    }
}

private func participant(
    _ name: String,
    _ state: ParticipantState,
    deferrals: Int64 = 0
) -> DecidedParticipantShape {
    var participant = DecidedParticipantShape(component: name, state: state)
    participant.sinceAtMs = now - 2_000
    participant.rounds = 1
    participant.deferrals = deferrals
    guard deferrals > 0 else { return participant }
    participant.blockedMs = 43_080_000
    participant.lastDeferral = LastDeferralShape(grantedMs: 600_000, message: "recording")
    return participant
}

private func decision(_ basis: Basis?, _ all: [DecidedParticipantShape]) -> DecisionShape {
    var decision = DecisionShape(deploymentID: "d-42")
    decision.announcedAtMs = now - 86_401_000
    decision.waitedMs = 86_400_000
    decision.releasedAtMs = basis == nil ? nil : now - 1_000
    decision.basis = basis
    decision.participants = all
    return decision
}

@Suite("Why an update went ahead") struct DecisionExplanationTests {
    @Test func `by deadline is said with what the overridden component did`() {
        let all = [participant("camera", .overridden, deferrals: 7), participant("arm", .silent)]
        #expect(
            explanation(of: decision(.deadline, all), at: now) == [
                "Update d-42 went ahead \(time(-1_000)), after 24 h, by deadline.",
                "camera deferred 7 times, last for 10 min (recording), blocked it for 11 h 58 min"
                    + " and was overridden.",
                "arm did not answer in time.",
                "It was forced by nobody.",
                "It is under way; its outcome is not known yet.",
            ]
        )
    }

    @Test func `by force is said with who forced it`() {
        var forced = decision(.forced, [participant("camera", .overridden, deferrals: 1)])
        forced.forced = ByWhomShape(by: "uid 0, pid 4711", reason: "a hole is being used")
        forced.endedAtMs = now
        forced.outcome = .applied
        #expect(
            explanation(of: forced, at: now) == [
                "Update d-42 went ahead \(time(-1_000)), after 24 h, by force.",
                "camera deferred once, last for 10 min (recording), blocked it for 11 h 58 min"
                    + " and was overridden.",
                "It was forced by root (uid 0, pid 4711): a hole is being used.",
                "It ended \(time(0)): applied.",
            ]
        )
    }

    @Test func `by consent is said with who was ready, and when`() {
        let camera = participant("camera", .acknowledged, deferrals: 1)
        let all = [camera, participant("arm", .acknowledged)]
        let sentences = explanation(of: decision(.consent, all), at: now)
        #expect(sentences[0].hasSuffix("by consent: all components were ready."))
        #expect(sentences[1].hasSuffix("and was ready \(time(-2_000))."))
        #expect(sentences[2] == "Ready without a deferral: arm.")
    }

    @Test func `by cap is said`() {
        let all = [participant("camera", .overridden, deferrals: 7)]
        let words = "by cap: a component had used all the time that it may block an update."
        #expect(explanation(of: decision(.capped, all), at: now)[0].hasSuffix(words))
    }

    @Test func `is not said of one that was refused or cancelled`() {
        var refused = decision(nil, [participant("arm", .silent)])
        refused.refused = ByWhomShape(by: "arm", reason: "it did not answer")
        refused.endedAtMs = now
        #expect(
            explanation(of: refused, at: now) == [
                "Update d-42 was refused \(time(0)), after 24 h, because of arm: it did not"
                    + " answer.",
                "arm did not answer in time.",
            ]
        )
        refused.refused = ByWhomShape(by: "arm", reason: "no answer from arm")
        let once = "was refused \(time(0)), after 24 h: no answer from arm."
        #expect(explanation(of: refused, at: now).first == "Update d-42 " + once)
        var cancelled = decision(nil, [])
        cancelled.cancelled = ByWhomShape(by: "uid 0, pid 2", reason: "not today")
        cancelled.endedAtMs = now
        let words = "was cancelled \(time(0)), after 24 h, by root (uid 0, pid 2): not today."
        #expect(explanation(of: cancelled, at: now) == ["Update d-42 " + words])
    }
}

@Suite("The width of a text") struct TextWidthTests {
    @Test(
        arguments: [
            ("camera", 6), ("Kamera überträgt", 16), ("カメラ", 6), ("e\u{301}", 1), ("🤖", 2),
            ("👩‍🔧", 2), ("☎️", 2), ("한글", 4),
        ]
    )
    func `is that of its characters on a terminal`(text: String, width: Int) {
        #expect(text.width == width)
    }

    @Test func `is kept where it is cut`() {
        #expect(reprieve_cli.cut("カメラ", to: 6) == "カメラ")
        #expect(reprieve_cli.cut("カメラ", to: 5) == "カメ~")
        #expect(reprieve_cli.cut("カメラ", to: 4) == "カ~")
        #expect(table([["カメラ", "x"], ["arm", "y"]]) == "  カメラ  x\n  arm     y\n")
    }

    @Test func `is kept where it is wrapped`() {
        #expect(wrapped("It waits for camera now", to: 14) == ["It waits for", "  camera now"])
        #expect(wrapped("  it waits for it", to: 10) == ["  it waits", "    for it"])
        #expect(wrapped("all of it", to: .max) == ["all of it"])
        #expect(wrapped("", to: 10) == [""])
    }

    @Test func `is broken where it has no spaces, in columns of its characters`() {
        #expect(wrapped("It: 録画中です", to: 10) == ["It:", "  録画中で", "  す"])
        #expect(wrapped("abcdefgh", to: 6) == ["abcd", "  efgh"])
    }
}
