// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

private let camera = "com.example.Camera"
private let robot = "com.example.Robot"

@Suite("What the log says of an update") struct LogEntryTests {
    private var harness = BrokerHarness()

    /// The story of one update, in the words after its id or before it.
    private func story(_ id: String = "d-1") -> [String] {
        harness.log.filter { $0.deploymentID == id }.map { note in
            (note.component.map { $0 + ": " } ?? "") + note.text
        }
    }

    @Test mutating func `is who held it back, why, and on what ground it went ahead`() {
        let first = harness.component(camera)
        _ = harness.component(robot)
        let coordinator = harness.announce()
        harness.answer(first, "d-1", 30_000, message: "recording")
        harness.answer(first, "d-1", 0)
        harness.pass(.seconds(60))
        let call = CompleteRequest(deploymentID: "d-1", outcome: .failed, message: "no space")
        harness.ask(coordinator, .completeUpdate, call)
        #expect(
            story() == [
                #"update "d-1" was announced by uid 1000, pid 3"#,
                #"\#(camera): \#(camera) deferred update "d-1" by 30000 ms: "recording""#,
                #"\#(robot): update "d-1" goes ahead without an answer from \#(robot)"#,
                #"update "d-1" was released on silence after 60000 ms, 2 asked"#,
                #"update "d-1" was completed: failed, "no space""#,
            ]
        )
        #expect(harness.log.compactMap(\.basis) == ["silence"])
        #expect(harness.log.compactMap(\.outcome) == ["failed"])
    }

    @Test mutating func `is said once, however many wait for it`() {
        let peer = harness.component(camera)
        _ = (harness.announce(), harness.announce())
        harness.answer(peer, "d-1", 0)
        _ = harness.announce()
        #expect(story().filter { $0.contains("was released") }.count == 1)
    }

    @Test mutating func `is also said when nobody waits for it any more`() {
        _ = harness.component(camera)
        harness.hangUp(harness.announce())
        harness.pass(.seconds(5))
        #expect(story().last?.contains("was cancelled by \"reprieved\"") == true)
    }

    @Test mutating func `is who forced it, and who still wanted time`() {
        let peer = harness.component(camera)
        _ = harness.announce()
        harness.answer(peer, "d-1", 60_000)
        let call = ReasonedRequest(deploymentID: "d-1", reason: "a hole is being used")
        harness.ask(harness.operatorAtControl(), .forceUpdate, call)
        #expect(story().suffix(3).map { $0.contains("forced") } == [true, false, true])
        #expect(story().suffix(2).first?.contains("wanted more time") == true)
    }

    @Test mutating func `is that it was refused`() {
        _ = harness.component(camera)
        _ = harness.announce { $0.policy.onSilence = .refuse }
        harness.pass(.seconds(60))
        #expect(story().last == #"update "d-1" was refused: "no answer from \#(camera)""#)
    }

    @Test mutating func `is not of each of a thousand that were silent`() {
        for number in 0..<40 { _ = harness.component("com.example.c\(number)") }
        _ = harness.announce()
        harness.pass(.seconds(60))
        #expect(story().filter { $0.contains("without an answer") }.count == 32)
    }
}
