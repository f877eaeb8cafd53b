// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import EventStream
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

/// Files of an earlier version, as an upgrade finds them.
@Suite("A file in an older format") struct OlderFormatTests {
    private var harness = BrokerHarness()

    @Test mutating func `does not count broken final askings`() {
        _ = harness.component("com.example.Camera")
        let coordinator = harness.operatorAtControl(process: 0)
        harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-1"))
        let expected = afterRestart()
        harness.forge(journal: journal(disruption: 0))
        #expect(harness.recalled() == expected)
    }

    @Test(
        arguments: [
            (#"{"deploymentId":"d-1"}"#, 0), (#"{"deploymentId":"d-1","isGgcRestarting":true}"#, 1),
            (#"{"deploymentId":"d-1","isGgcRestarting":true,"reboots":true}"#, 1),
            (#"{"deploymentId":"d-1","reboots":true}"#, 0),
        ] as [(String, UInt8)]
    )
    mutating func `has the disruption in its requests`(request: String, restartsNucleus: UInt8) {
        expectDisruption(in: request, restartsNucleus)
    }

    @Test mutating func `has the disruption in a request of many names`() {
        let names = (0..<4_000).map { #""com.example.component.N\#($0)""# }.joined(separator: ",")
        let components = #"["com.example.Camera",\#(names)]"#
        let request = #"{"components":\#(components),"deploymentId":"d-1","reboots":true}"#
        expectDisruption(in: request, 0)
    }

    private mutating func expectDisruption(in request: String, _ restartsNucleus: UInt8) {
        _ = harness.component("com.example.Camera")
        let coordinator = harness.operatorAtControl(process: 0)
        harness.ask(coordinator, .gateUpdate, payload: Array(request.utf8))
        let expected = afterRestart()
        harness.forge(journal: journal(disruption: restartsNucleus))
        #expect(harness.recalled() == expected)
    }

    @Test mutating func `of format 5 counts one process of each component`() {
        _ = harness.component("com.example.Camera")
        let coordinator = harness.operatorAtControl(process: 0)
        harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-1"))
        let expected = afterRestart()
        harness.forge(journal: journalOfFormat5())
        #expect(harness.recalled() == expected)
    }

    private func journalOfFormat5() -> [UInt8] {
        var search = FrameSearch(harness.broker.snapshot(of: .journal))
        var bytes: [UInt8] = []
        while var frame = search.next() {
            if frame.string("update") != nil { frame.payload.removeLast(1) }
            if frame.string("participants") != nil { frame.payload.removeLast(6) }
            if frame.string("subscriber") != nil { frame.payload = [1] }
            if frame.string("connection") != nil { frame.payload.removeLast(2) }
            frame.setFormat(5)
            bytes += frame.encoded()
        }
        return bytes
    }

    @Test mutating func `is written on in the format of today`() throws {
        var search = FrameSearch(harness.broker.snapshot(of: .state))
        var bytes: [UInt8] = []
        while var frame = search.next() {
            frame.setFormat(5)
            bytes += frame.encoded()
        }
        harness.forge(state: bytes)
        harness.restart()
        let camera = harness.component("com.example.Camera")
        _ = harness.announce { $0.completesLater = true }
        harness.answer(camera, "d-1", 0)
        harness.reboot()
        let update = try #require(harness.broker.negotiation.updates["d-1"])
        #expect(update.participants.names == ["com.example.Camera"])
    }

    @Test mutating func `of format 5 has its connections taken back`() {
        harness = BrokerHarness { $0.keepsConnections = true }
        _ = harness.component("com.example.Camera")
        harness.awaitKeeping()
        harness.forge(journal: journalOfFormat5())
        harness.restart()
        #expect(
            harness.log.map(\.text).last { $0.contains("took back") }
                == "took back 1 of 1 connections from the service manager"
        )
    }

    private func afterRestart() -> Negotiation {
        var negotiation = harness.broker.negotiation
        _ = negotiation.handle(.restarted, at: harness.now)
        return negotiation
    }

    /// The journal as an earlier version would have written it.
    private func journal(disruption: UInt8) -> [UInt8] {
        var search = FrameSearch(harness.broker.snapshot(of: .journal))
        var bytes: [UInt8] = []
        while var frame = search.next() {
            // The fields that format 3 has not are the last ones, of a byte each but for the
            // coordinator and the subscription of format 6, which have three and two.
            if let id = frame.string("update") {
                frame.payload.removeLast(10)
                // After the id and its length, and the byte for no reason.
                frame.payload[id.utf8.count + 2] = disruption
            }
            if frame.string("participants") != nil { frame.payload.removeLast(14) }
            frame.setFormat(3)
            bytes += frame.encoded()
        }
        return bytes
    }
}

extension Frame {
    fileprivate mutating func setFormat(_ format: Int32) {
        guard let index = headers.firstIndex(where: { $0.name == "format" }) else { return }
        headers[index] = Header("format", .int32(format))
    }
}
