// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import Testing

@testable import reprieve_cli

@Suite("The answer of a hook") struct HookAnswerTests {
    @Test(arguments: [
        ("30s recording", 30_000, "recording"), ("30s recording\n", 30_000, "recording"),
        ("500ms  two words\nmore\n", 500, "two words"), ("1h\tbusy", 3_600_000, "busy"),
    ])
    func `has a duration and a reason`(output: String, time: Int64, why: String) {
        #expect(NoticeAnswer(deferring: output) == .defer(milliseconds: time, message: why))
    }

    @Test(arguments: ["2h", "2h\n", "2h ", " 2h\n"])
    func `needs no reason`(output: String) {
        #expect(NoticeAnswer(deferring: output) == .defer(milliseconds: 7_200_000, message: nil))
    }

    @Test(arguments: ["", "\n30s", "recording", "0", "0s", "-1s", "30", "30 s", "1.5h", "9999999h"])
    func `is no deferral without a duration`(output: String) {
        #expect(NoticeAnswer(deferring: output) == nil)
    }
}

@Suite("The environment of a hook") struct HookEventTests {
    private func variables(_ event: HookEvent, _ now: ContinuousClock.Instant) -> [String: String] {
        Dictionary(uniqueKeysWithValues: event.environment(at: now).map { ($0.name, $0.value) })
    }

    @Test func `has the times of a notice without the time that it has waited`() {
        var notice = PreUpdateEvent(deploymentID: "d", disruption: .components)
        notice.respondByMs = 60_000
        notice.deadlineInMs = 500
        notice.maxDeferMs = 1_000
        let arrival = ContinuousClock.now
        let variables = variables(.notice(notice, at: arrival), arrival + .seconds(2))
        #expect(variables["REPRIEVE_RESPOND_BY_MS"] == "58000")
        #expect(variables["REPRIEVE_DEADLINE_IN_MS"] == "0")
        #expect(variables["REPRIEVE_MAX_DEFER_MS"] == "1000")
    }

    @Test func `says that the notice of plain Greengrass is final`() {
        let notice = PreUpdateEvent(deploymentID: "d", disruption: .nucleus)
        let variables = variables(.notice(notice, at: .now), .now)
        #expect(variables["REPRIEVE_FINAL"] == "true")
        #expect(variables["REPRIEVE_ROUND"] == "")
        #expect(variables["REPRIEVE_RESPOND_BY_MS"] == "")
    }

    @Test func `has the same variables for a notice and an outcome`() {
        let notice = PreUpdateEvent(deploymentID: "d", disruption: .nucleus)
        let post = PostUpdateEvent(deploymentID: "d", outcome: nil)
        let asked = variables(.notice(notice, at: .now), .now)
        let told = variables(.outcome(post), .now)
        #expect(asked.keys.sorted() == told.keys.sorted())
        #expect(told["REPRIEVE_OUTCOME"] == "unknown")
        #expect(told["REPRIEVE_FINAL"] == "")
    }
}
