// SPDX-License-Identifier: Apache-2.0

package import EventStream
package import ReprieveBroker
import ReprieveProtocol

/// A file whose checksums are right, and whose content is not: written by a defect, or on purpose.
package struct ForgedFile: Sendable {
    package let file: StoredFile
    package let frames: [Frame]

    package init(_ file: StoredFile, _ frames: [Frame]) {
        self.file = file
        self.frames = frames
    }

    /// What stands in a byte's place: another flag or word, the largest number and the smallest.
    private static let edges: [[UInt8]] = [
        [1], [2], [6], [8], [12], [14],
        [0xFE] + [UInt8](repeating: 0xFF, count: 8) + [1],
        [UInt8](repeating: 0xFF, count: 9) + [1],
    ]

    /// The frames of a file that its broker has written.
    package static func frames(of file: StoredFile) -> [Frame] {
        var search = FrameSearch(writer.broker.snapshot(of: file))
        var frames: [Frame] = []
        while let frame = search.next() { frames.append(frame) }
        return frames
    }

    /// Both files, each with something else in the place of one byte of a record.
    package static func all() -> [ForgedFile] {
        StoredFile.allCases.flatMap { file in
            let frames = frames(of: file)
            return frames.indices.filter { frames[$0].int32("decision") == nil }.flatMap { place in
                frames[place].payload.indices.flatMap { index in
                    edges.map { edge in
                        var forged = frames
                        forged[place].payload.replaceSubrange(index...index, with: edge)
                        return ForgedFile(file, forged)
                    }
                }
            }
        }
    }

    /// Has a broker recall it, and go on with the components for longer than any limit.
    package func play() {
        var harness = Self.writer
        let bytes = frames.flatMap { $0.encoded() }
        switch file {
        case .journal:
            harness.forge(journal: bytes)
            harness.restart()
        case .state:
            harness.forge(journal: [], state: bytes)
            harness.reboot()
        }
        goOn(&harness)
    }

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

    /// Has written down everything that a broker writes, in both of its files.
    private static let writer: BrokerHarness = {
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
    }()
}
