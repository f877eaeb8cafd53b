// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import EventStream
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

@Suite("The history") struct HistoryTests {
    private var harness = BrokerHarness()

    private mutating func announce(_ policy: PolicyShape = PolicyShape()) -> PeerID {
        harness.announce {
            $0.reason = "2.13.0"
            $0.policy = policy
        }
    }

    private mutating func decision() throws -> DecisionShape {
        let peer = harness.operatorAtControl()
        _ = harness.heard(by: peer)
        harness.ask(peer, .getHistory, HistoryRequest())
        let answer = harness.heard(by: peer).first?.response(as: HistoryShape.self)
        return try #require(answer?.decisions.first)
    }

    @Test(arguments: [false, true])
    mutating func `tells why one deferred that was ready in the end`(dies: Bool) throws {
        var camera = harness.component("com.example.Camera")
        _ = announce()
        harness.answer(camera, "d-1", 30_000, message: "warming up")
        harness.answer(camera, "d-1", 60_000, message: "recording")
        harness.pass(.seconds(20))
        if dies {
            harness.restart()
            _ = announce()
            camera = harness.component("com.example.Camera")
        }
        harness.answer(camera, "d-1", 0, message: "done")
        let told = try #require(try decision().participants.first)
        #expect(told.state == .acknowledged)
        #expect(told.message == "done")
        #expect(told.lastDeferral == LastDeferralShape(grantedMs: 60_000, message: "recording"))
        #expect(told.deferrals == 2)
        #expect(told.blockedMs == 20_000)
    }

    @Test mutating func `tells since when each stood there, and how often it was asked`() throws {
        let arm = harness.component("com.example.Arm")
        let camera = harness.component("com.example.Camera")
        _ = announce()
        harness.answer(arm, "d-1", 0)
        harness.answer(camera, "d-1", 2_000)
        harness.pass(.seconds(5))
        harness.answer(camera, "d-1", 0)
        let decision = try decision()
        let told = decision.participants
        #expect(told.map(\.component) == ["com.example.Camera", "com.example.Arm"])
        #expect(told.map(\.rounds) == [2, 1])
        #expect(told.map(\.sinceAtMs) == [decision.releasedAtMs, decision.announcedAtMs])
    }

    @Test mutating func `tells who was waited for and never came`() throws {
        var policy = PolicyShape()
        policy.require = ["com.example.Arm"]
        _ = announce(policy)
        harness.pass(.seconds(60))
        let told = try #require(try decision().participants.first)
        #expect(told.state == .silent && told.rounds == 0)
    }

    @Test mutating func `tells how long an update was held back that was cancelled`() throws {
        let camera = harness.component("com.example.Camera")
        let coordinator = announce()
        harness.answer(camera, "d-1", 60_000, message: "recording")
        harness.pass(.seconds(12))
        let call = ReasonedRequest(deploymentID: "d-1", reason: "wrong version")
        harness.ask(coordinator, .cancelUpdate, call)
        let decision = try decision()
        #expect(decision.waitedMs == 12_000)
        #expect(decision.participants.first?.state == .deferred)
        #expect(decision.participants.first?.blockedMs == 12_000)
    }

    private mutating func decisions() throws -> [DecisionShape] {
        let peer = harness.operatorAtControl()
        _ = harness.heard(by: peer)
        harness.ask(peer, .getHistory, HistoryRequest())
        let answer = harness.heard(by: peer).first?.response(as: HistoryShape.self)
        return try #require(answer).decisions
    }

    @Test(arguments: [1, 20])
    mutating func `has room for sixteen decisions, however much was said`(count: Int) throws {
        let text = String(repeating: "\u{1}", count: 1_024)
        let peers = (1...count).map { harness.component("com.example.C\($0)") }
        for number in 1...20 {
            let id = "d-\(number)"
            let coordinator = harness.announce(id) { $0.reason = text }
            for peer in peers { harness.answer(peer, id, 1_000, message: text) }
            harness.pass(.milliseconds(10))
            for peer in peers.dropFirst() { harness.answer(peer, id, 0, message: text) }
            harness.pass(.milliseconds(10))
            harness.ask(
                coordinator,
                .cancelUpdate,
                ReasonedRequest(deploymentID: id, reason: text)
            )
        }
        let decisions = try decisions()
        #expect(decisions.count >= 16)
        for decision in decisions {
            #expect(decision.encoded().count <= 8 * 1_024)
            #expect(decision.participants.first?.component == "com.example.C1")
            #expect(decision.participants.count + Int(decision.omitted) == count)
            #expect(decision.cancelled?.reason.isEmpty == false)
        }
    }

    /// Forces an update that so many components defer, after others have blocked it for longer.
    private mutating func override(_ count: Int, message: String) throws -> DecisionShape {
        let slow = (1...20).map { harness.component("com.example.Slow\($0)") }
        _ = harness.announce("d-1")
        for peer in slow { harness.answer(peer, "d-1", 60_000) }
        harness.pass(.seconds(20))
        for number in 1...count {
            let peer = harness.component("com.example.Cut\(number)")
            harness.answer(peer, "d-1", 60_000, message: message)
        }
        for peer in slow { harness.answer(peer, "d-1", 0) }
        let call = ReasonedRequest(deploymentID: "d-1", reason: "a hole is being used")
        harness.ask(harness.operatorAtControl(), .forceUpdate, call)
        return try #require(try decisions().first)
    }

    @Test mutating func `is handed out as this version writes it, and kept as another did`() throws
    {
        let camera = harness.component("com.example.Camera")
        let coordinator = announce()
        harness.answer(camera, "d-1", 0)
        let done = CompleteRequest(deploymentID: "d-1", outcome: .applied)
        harness.ask(coordinator, .completeUpdate, done)
        let decision = try decision()
        var (frames, bytes): (FrameSearch, [UInt8]) = (FrameSearch(harness.state), [])
        while var frame = frames.next() {
            if frame.int32("decision") != nil {
                let text = String(decoding: frame.payload, as: UTF8.self)
                let parts = text.split(separator: #""disruption":"components","#)
                frame.payload = Array(parts.joined(separator: #""formerly":[1],"#).utf8)
                #expect(parts.count == 2)
            }
            bytes += frame.encoded()
        }
        // A torn end, for which the file is replaced.
        harness.forge(state: bytes + [0])
        harness.restart()
        #expect(harness.state.count < bytes.count)
        #expect(keptDecisions(in: harness.state) == keptDecisions(in: bytes))
        let peer = harness.operatorAtControl()
        _ = harness.heard(by: peer)
        harness.ask(peer, .getHistory, HistoryRequest())
        guard case .response(_, let payload, _)? = harness.heard(by: peer).first else {
            Issue.record("no response")
            return
        }
        #expect(payload == HistoryShape(decisions: [decision]).encoded())
    }

    private func keptDecisions(in bytes: [UInt8]) -> [[UInt8]] {
        var (frames, found): (FrameSearch, [[UInt8]]) = (FrameSearch(bytes), [])
        while let frame = frames.next() {
            if frame.int32("decision") != nil { found.append(frame.payload) }
        }
        return found
    }

    @Test mutating func `cuts texts before it omits an overridden component`() throws {
        let decision = try override(12, message: String(repeating: "x", count: 1_024))
        let cut = decision.participants.filter { $0.state == .overridden }
        #expect(cut.count == 12)
        #expect(cut.allSatisfy { $0.message?.hasPrefix("xx") == true })
        #expect(decision.omittedOverridden == 0)
        #expect(decision.encoded().count <= 8 * 1_024)
    }

    @Test mutating func `counts the overridden components that have no room`() throws {
        let decision = try override(100, message: "recording")
        #expect(decision.participants.allSatisfy { $0.state == .overridden })
        #expect(decision.participants.count + Int(decision.omittedOverridden) == 100)
        #expect(decision.omitted == decision.omittedOverridden + 20)
        #expect(decision.participants.count > 20)
    }

    @Test mutating func `lists as many participants of a decision as have room`() throws {
        let peers = (100..<200).map { harness.component("com.example.C\($0)") }
        _ = harness.announce("d-1")
        for peer in peers { harness.answer(peer, "d-1", 0) }
        let decision = try #require(try decisions().first)
        let participant = try #require(decision.participants.last)
        #expect(decision.participants.count + Int(decision.omitted) == 100)
        #expect(decision.omitted > 0)
        let size = decision.encoded().count
        let room = 8 * 1_024 - size
        #expect(room >= 0 && room < 1 + participant.encoded().count)
    }

    @Test mutating func `lists an overridden component beside many of one unit`() throws {
        let peers = (0..<100).map { harness.component("c\($0)", ofUser: 99) }
        let camera = harness.component("com.example.Camera")
        _ = harness.announce("d-1")
        for peer in peers { harness.answer(peer, "d-1", 60_000) }
        harness.pass(.seconds(1))
        harness.answer(camera, "d-1", 0)
        harness.pass(.seconds(1))
        harness.answer(camera, "d-1", 60_000)
        let call = ReasonedRequest(deploymentID: "d-1", reason: "a hole is being used")
        harness.ask(harness.operatorAtControl(), .forceUpdate, call)
        let decision = try #require(try decisions().first)
        let listed = decision.participants.map(\.component)
        #expect(listed.count > 20 && decision.omittedOverridden > 0)
        #expect(listed.contains("com.example.Camera"))
    }
}
