// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import EventStream
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

/// Files whose checksums are right, and whose content is not: written by a defect, or on purpose.
@Suite("A forged file") struct ForgedFileTests {
    /// What stands in a byte's place: another flag or word, the largest number and the smallest.
    private static let edges: [[UInt8]] = [
        [1], [2], [6], [8], [12], [14],
        [0xFE] + [UInt8](repeating: 0xFF, count: 8) + [1],
        [UInt8](repeating: 0xFF, count: 9) + [1],
    ]

    /// Everything that a broker writes down, in both of its files.
    private func harness() -> BrokerHarness {
        var harness = BrokerHarness { $0.keepsConnections = true }
        let arm = harness.component("com.example.Arm")
        let camera = harness.component("com.example.Camera", confirm: true)
        let coordinator = harness.operatorAtControl()
        harness.awaitKeeping()
        for id in ["d-1", "d-2", "d-3"] {
            harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: id, reason: "r"))
        }
        harness.answer(arm, "d-1", 30_000, message: "moving")
        let force = ReasonedRequest(deploymentID: "d-2", reason: "now")
        harness.ask(coordinator, .forceUpdate, force)
        harness.hangUp(camera)
        harness.ask(coordinator, .cancelUpdate, ReasonedRequest(deploymentID: "d-3", reason: "no"))
        return harness
    }

    /// Goes on with the components, for longer than any limit.
    private func goOn(_ harness: inout BrokerHarness) {
        let arm = harness.component("com.example.Arm")
        let coordinator = harness.operatorAtControl()
        for id in ["d-1", "d-2", "d-3"] {
            harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: id, reason: "r"))
            harness.answer(arm, id, 1_000)
        }
        harness.pass(.seconds(10))
        harness.hangUp(arm)
        harness.pass(.seconds(60 * 3_600))
        harness.restart()
    }

    private func frames(_ bytes: [UInt8]) -> [Frame] {
        var search = FrameSearch(bytes)
        var frames: [Frame] = []
        while let frame = search.next() { frames.append(frame) }
        return frames
    }

    /// A whole file, with something else in the place of one byte of a record.
    private func forgeries(of file: StoredFile, _ harness: BrokerHarness, _ body: ([UInt8]) -> Void)
    {
        let frames = frames(harness.broker.snapshot(of: file))
        for place in frames.indices where frames[place].int32("decision") == nil {
            for index in frames[place].payload.indices {
                for edge in Self.edges {
                    var forged = frames
                    forged[place].payload.replaceSubrange(index...index, with: edge)
                    body(forged.flatMap { $0.encoded() })
                }
            }
        }
    }

    @Test func `kills no broker, whichever byte of the journal it is`() {
        let harness = harness()
        forgeries(of: .journal, harness) { journal in
            var harness = harness
            harness.forge(journal: journal)
            harness.restart()
            goOn(&harness)
        }
    }

    @Test func `kills no broker, whichever byte of the state it is`() {
        let harness = harness()
        forgeries(of: .state, harness) { state in
            var harness = harness
            harness.forge(journal: [], state: state)
            harness.reboot()
            goOn(&harness)
        }
    }

    @Test func `may number its decisions as it likes`() {
        var harness = harness()
        var frames = frames(harness.state)
        for place in frames.indices where frames[place].int32("decision") != nil {
            frames[place].headers.removeAll { $0.name == "decision" }
            frames[place].headers.append(Header("decision", .int32(.max)))
        }
        harness.forge(journal: [], state: frames.flatMap { $0.encoded() })
        harness.reboot()
        goOn(&harness)
    }
}
