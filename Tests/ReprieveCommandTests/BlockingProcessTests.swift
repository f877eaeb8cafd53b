// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import Testing

@testable import reprieve_cli

/// Of a component that has several.
@Suite("The processes that an update waits for") struct BlockingProcessTests {
    @Test func `stand behind the state`() {
        #expect(text(update([4711])).contains("asked, pid 4711  "))
        #expect(text(update([4711, 4712])).contains("asked, pids 4711 and 4712  "))
    }

    @Test func `are named in the explanation`() {
        let sentences = explanation(of: update([4711]), at: 1_795_467_600_000)
        #expect(sentences[1].hasPrefix("It waits for nucleus of pid 4711, which has until "))
    }

    private func update(_ pids: [Int64]) -> UpdateShape {
        var participant = ParticipantShape(
            component: "nucleus",
            state: .asked,
            sinceMs: 1_000,
            untilMs: 60_000,
            message: nil,
            deferrals: 0,
            blockedMs: 1_000,
            remainingMs: 40_800_000
        )
        participant.pids = pids
        return UpdateShape(
            deploymentID: "d-42",
            state: .waiting,
            reason: nil,
            disruption: .components,
            ageMs: 1_000,
            deadlineInMs: 3_600_000,
            blockedBy: ["nucleus"],
            participants: [participant]
        )
    }
}
