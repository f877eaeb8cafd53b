// SPDX-License-Identifier: Apache-2.0

import BrokerStage
import EventStream
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

/// Files whose checksums are right, and whose content is not: written by a defect, or on purpose.
@Suite struct `A forged file` {
    /// What stands in a byte's place: another flag or word, the largest number and the smallest.
    private static let edges: [[UInt8]] = [
        [1],
        [0xFE] + [UInt8](repeating: 0xFF, count: 8) + [1],
        [UInt8](repeating: 0xFF, count: 9) + [1],
    ]

    /// Everything that a broker writes down, in both of its files.
    private func stage() -> Stage {
        var stage = Stage()
        let arm = stage.component("com.example.Arm")
        let camera = stage.component("com.example.Camera", confirm: true)
        let coordinator = stage.operatorAtControl()
        for id in ["d-1", "d-2", "d-3"] {
            stage.ask(coordinator, .gateUpdate, GateRequest(deploymentID: id, reason: "r"))
        }
        stage.answer(arm, "d-1", 30_000, message: "moving")
        let force = ReasonedRequest(deploymentID: "d-2", reason: "now")
        stage.ask(coordinator, .forceUpdate, force)
        stage.hangUp(camera)
        stage.ask(coordinator, .cancelUpdate, ReasonedRequest(deploymentID: "d-3", reason: "no"))
        return stage
    }

    /// Goes on with the components, for longer than any limit.
    private func goOn(_ stage: inout Stage) {
        let arm = stage.component("com.example.Arm")
        let coordinator = stage.operatorAtControl()
        for id in ["d-1", "d-2", "d-3"] {
            stage.ask(coordinator, .gateUpdate, GateRequest(deploymentID: id, reason: "r"))
            stage.answer(arm, id, 1_000)
        }
        stage.pass(.seconds(10))
        stage.hangUp(arm)
        stage.pass(.seconds(60 * 3_600))
        stage.restart()
    }

    private func frames(_ bytes: [UInt8]) -> [Frame] {
        var search = FrameSearch(bytes)
        var frames: [Frame] = []
        while let frame = search.next() { frames.append(frame) }
        return frames
    }

    /// A whole file, with something else in the place of one byte of a record.
    private func forgeries(of file: RecordFile, _ stage: Stage, _ body: ([UInt8]) -> Void) {
        let frames = frames(stage.broker.bootPage + stage.broker.wholePage(of: file))
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
        let stage = stage()
        forgeries(of: .journal, stage) { journal in
            var stage = stage
            stage.forge(journal: journal)
            stage.restart()
            goOn(&stage)
        }
    }

    @Test func `kills no broker, whichever byte of the state it is`() {
        let stage = stage()
        forgeries(of: .state, stage) { state in
            var stage = stage
            stage.forge(journal: [], state: state)
            stage.reboot()
            goOn(&stage)
        }
    }

    @Test func `may number its decisions as it likes`() {
        var stage = stage()
        var frames = frames(stage.state)
        for place in frames.indices where frames[place].int32("decision") != nil {
            frames[place].headers.removeAll { $0.name == "decision" }
            frames[place].headers.append(Header("decision", .int32(.max)))
        }
        stage.forge(journal: [], state: frames.flatMap { $0.encoded() })
        stage.reboot()
        goOn(&stage)
    }
}
