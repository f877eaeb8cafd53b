// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

@Suite("What a broker wrote down before it died") struct RecollectionTests {
    private var harness = BrokerHarness()

    private mutating func announce(_ id: String, by coordinator: PeerID? = nil) -> PeerID {
        let coordinator = coordinator ?? harness.operatorAtControl()
        harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: id, reason: "2.13.0"))
        return coordinator
    }

    private func state(_ name: String, _ id: String = "d-1") -> Participant.State? {
        harness.broker.negotiation.updates[id]?.participants[name]?.state
    }

    private mutating func post(to peer: PeerID) -> PostUpdateEvent? {
        harness.heard(by: peer).compactMap(\.post).first
    }

    private mutating func decisions(_ id: String? = nil) -> [DecisionShape] {
        let peer = harness.operatorAtControl()
        _ = harness.heard(by: peer)
        harness.ask(peer, .getHistory, HistoryRequest(deploymentID: id))
        let answer = harness.heard(by: peer).first?.response(as: HistoryShape.self)
        return answer?.decisions ?? []
    }

    @Test mutating func `is all that it knew`() {
        let arm = harness.component("com.example.Arm")
        let camera = harness.component("com.example.Camera", confirm: true)
        _ = announce("d-1")
        _ = announce("d-2")
        harness.answer(arm, "d-1", 30_000, message: "moving")
        harness.answer(camera, "d-1", 0, round: 1)
        harness.answer(arm, "d-2", 0)
        harness.pass(.seconds(3))
        harness.hangUp(arm)
        var expected = harness.broker.negotiation
        _ = expected.handle(.restarted, at: harness.now)
        #expect(harness.recalled() == expected)
        harness.restart()
        #expect(harness.broker.negotiation == expected)
    }

    @Test mutating func `is what each participant was, of those that share a page`() {
        var rule = ComponentRule(pattern: "com.example.Camera")
        rule.maxTotalDefer = .seconds(60)
        harness = BrokerHarness { $0.negotiation.rules = [rule] }
        for name in ["Arm", "Camera", "Till"] { _ = harness.component("com.example." + name) }
        _ = announce("d-1")
        var expected = harness.broker.negotiation
        _ = expected.handle(.restarted, at: harness.now)
        #expect(harness.recalled() == expected)
    }

    @Test mutating func `is also what a record is longer for than most`() {
        let names = (100..<140).map { "com.example.Camera\($0)" }
        let peers = names.map { harness.component($0) }
        let reason = String(repeating: "2.13.0 ", count: 100)
        let coordinator = harness.operatorAtControl()
        harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-1", reason: reason))
        for peer in peers {
            harness.answer(peer, "d-1", 30_000, message: String(repeating: "moving ", count: 60))
        }
        var expected = harness.broker.negotiation
        _ = expected.handle(.restarted, at: harness.now)
        #expect(expected.updates["d-1"]?.participants.count == names.count)
        #expect(harness.recalled() == expected)
        harness.restart()
        #expect(harness.broker.negotiation == expected)
    }

    @Test mutating func `holds a deferral to its end, and takes the answer of who returns`() {
        let camera = harness.component("com.example.Camera")
        _ = announce("d-1")
        harness.answer(camera, "d-1", 60_000)
        harness.pass(.seconds(10))
        harness.restart()
        let coordinator = announce("d-1")
        let again = harness.component("com.example.Camera")
        #expect(state("com.example.Camera") == .deferred)
        harness.answer(again, "d-1", 0)
        let release = harness.heard(by: coordinator).compactMap(\.gate).last
        #expect(release?.isLast == true)
    }

    @Test mutating func `does not open a gate before the components are back`() {
        _ = harness.component("com.example.Camera")
        _ = announce("d-1")
        harness.restart()
        let coordinator = announce("d-1")
        #expect(harness.broker.negotiation.updates["d-1"]?.isWaiting == true)
        #expect(harness.heard(by: coordinator).compactMap(\.gate).allSatisfy { !$0.isLast })
    }

    @Test mutating func `lets an update be completed in the next boot`() {
        let camera = harness.component("com.example.Camera")
        _ = announce("d-1")
        harness.answer(camera, "d-1", 0)
        harness.pass(.seconds(7))
        harness.reboot()
        #expect(harness.broker.negotiation.updates["d-1"]?.isWaiting == false)
        #expect(harness.nextDeadline == harness.now + .seconds(300))
        let again = harness.component("com.example.Camera")
        let coordinator = harness.operatorAtControl()
        let request = CompleteRequest(deploymentID: "d-1", outcome: .applied, message: "at last")
        harness.ask(coordinator, .completeUpdate, request)
        #expect(post(to: again)?.outcome == .applied)
        let decision = decisions("d-1").first
        #expect(decision?.basis == .consent)
        #expect(decision?.outcome == .applied)
        #expect(decision?.participants.map(\.component) == ["com.example.Camera"])
    }

    @Test mutating func `knows no coordinator of another boot`() {
        _ = harness.announce()
        harness.reboot()
        let coordinator = harness.announce()
        let events = harness.heard(by: coordinator).compactMap(\.gate)
        guard case .released(let released) = events.last else {
            Issue.record("the gate is open")
            return
        }
        #expect(!released.joined)
    }

    @Test mutating func `owes a post also in the next boot, and the one after it`() {
        let camera = harness.component("com.example.Camera")
        let coordinator = announce("d-1")
        harness.hangUp(camera)
        let call = ReasonedRequest(deploymentID: "d-1", reason: "wrong version")
        harness.ask(coordinator, .cancelUpdate, call)
        harness.reboot()
        harness.pass(.seconds(100))
        harness.reboot()
        let again = harness.component("com.example.Camera")
        #expect(post(to: again)?.outcome == .cancelled)
        let repeated = harness.operatorAtControl()
        _ = harness.heard(by: repeated)
        harness.ask(repeated, .cancelUpdate, call)
        let answer = harness.heard(by: repeated)
        #expect(answer.first?.response(as: Empty.self) != nil, "\(answer)")
    }

    @Test mutating func `owes the posts that had not left when it died, once`() {
        let camera = harness.component("com.example.Camera")
        let coordinator = announce("d-1")
        harness.answer(camera, "d-1", 0)
        let done = CompleteRequest(deploymentID: "d-1", outcome: .applied)
        harness.die { $0.ask(coordinator, .completeUpdate, done) }
        #expect(harness.broker.negotiation.updates.isEmpty)
        let again = harness.component("com.example.Camera")
        #expect(post(to: again)?.outcome == .applied)
        harness.restart()
        let last = harness.component("com.example.Camera")
        #expect(post(to: last) == nil)
    }

    @Test mutating func `owes a post also where it died while handing it over`() {
        let camera = harness.component("com.example.Camera")
        let coordinator = announce("d-1")
        harness.hangUp(camera)
        let call = ReasonedRequest(deploymentID: "d-1", reason: "wrong version")
        harness.ask(coordinator, .cancelUpdate, call)
        harness.die { _ = $0.component("com.example.Camera") }
        let again = harness.component("com.example.Camera")
        #expect(post(to: again)?.outcome == .cancelled)
    }

    @Test mutating func `owes nothing of an id that was announced again as it died`() {
        let camera = harness.component("com.example.Camera")
        let coordinator = announce("d-1")
        harness.answer(camera, "d-1", 0)
        let done = CompleteRequest(deploymentID: "d-1", outcome: .applied)
        var others = GateRequest(deploymentID: "d-1", components: ["com.example.Robot"])
        others.policy.require = ["com.example.Robot"]
        harness.die { harness in
            harness.say(coordinator) { connection in
                connection.request(.completeUpdate, done.encoded()).frame
                    + connection.request(.gateUpdate, others.encoded()).frame
            }
        }
        let update = harness.broker.negotiation.updates["d-1"]
        #expect(update?.participants.names == ["com.example.Robot"])
        let again = harness.component("com.example.Camera")
        #expect(post(to: again) == nil)
    }

    @Test mutating func `forgets an update that only waited when the device reboots`() {
        _ = harness.component("com.example.Camera")
        _ = announce("d-1")
        harness.reboot()
        #expect(harness.broker.negotiation.updates.isEmpty)
    }

    @Test mutating func `tells why an update went ahead, newest first`() {
        let camera = harness.component("com.example.Camera")
        let coordinator = announce("d-1")
        harness.answer(camera, "d-1", 30_000, message: "recording")
        let force = ReasonedRequest(deploymentID: "d-1", reason: "a hole is being used")
        harness.ask(coordinator, .forceUpdate, force)
        let done = CompleteRequest(deploymentID: "d-1", outcome: .failed)
        harness.ask(coordinator, .completeUpdate, done)
        let other = announce("d-2")
        harness.ask(other, .cancelUpdate, ReasonedRequest(deploymentID: "d-2", reason: "no"))
        harness.restart()
        let found = decisions()
        #expect(found.map(\.deploymentID) == ["d-2", "d-1"])
        #expect(found[0].cancelled?.reason == "no" && found[0].outcome == .cancelled)
        #expect(found[1].forced?.by.contains("uid") == true)
        #expect(found[1].forced?.reason == "a hole is being used")
        #expect(found[1].basis == .forced && found[1].outcome == .failed)
        #expect(found[1].participants.first?.message == "recording")
        #expect(found[1].participants.first?.deferrals == 1)
        #expect(decisions("d-1").map(\.deploymentID) == ["d-1"])
    }

    @Test mutating func `tells each component's own last deferral`() {
        let names = ["com.example.Arm", "com.example.Camera", "com.example.Till"]
        let peers = names.map { harness.component($0) }
        _ = announce("d-1")
        let frames = [(0, Int64(30_000), "moving"), (1, 60_000, "recording")]
        for (index, time, message) in frames {
            harness.say(peers[index]) { connection in
                let deferral = DeferRequest(
                    deploymentID: "d-1",
                    recheckAfterMs: time,
                    message: message
                )
                let ready = DeferRequest(deploymentID: "d-1", recheckAfterMs: 0)
                return connection.request(.deferComponentUpdate, deferral.encoded()).frame
                    + connection.request(.deferComponentUpdate, ready.encoded()).frame
            }
        }
        harness.restart()
        _ = announce("d-1")
        let till = harness.component("com.example.Till")
        harness.answer(till, "d-1", 0)
        let told = decisions("d-1").first?.participants ?? []
        let last = Dictionary(uniqueKeysWithValues: told.map { ($0.component, $0.lastDeferral) })
        #expect(last["com.example.Arm"]??.message == "moving")
        #expect(last["com.example.Arm"]??.grantedMs == 30_000)
        #expect(last["com.example.Camera"]??.message == "recording")
        #expect(last["com.example.Camera"]??.grantedMs == 60_000)
    }

    @Test mutating func `gives a component its response time after a suspend that came before`() {
        _ = harness.component("com.example.Camera")
        _ = announce("d-1")
        harness.pass(.seconds(10))
        harness.suspend(.seconds(3_600))
        harness.restart()
        _ = announce("d-1")
        _ = harness.component("com.example.Camera")
        #expect(state("com.example.Camera") == .asked)
        harness.pass(.milliseconds(49_999))
        #expect(state("com.example.Camera") == .asked)
        harness.pass(.milliseconds(1))
        #expect(state("com.example.Camera") != .asked)
    }

    @Test mutating func `is no more of the history than there is room for`() {
        harness = BrokerHarness { $0.history.maximumDecisions = 3 }
        for number in 1...5 {
            let coordinator = announce("d-\(number)")
            let done = CompleteRequest(deploymentID: "d-\(number)", outcome: .applied)
            harness.ask(coordinator, .completeUpdate, done)
        }
        #expect(decisions().map(\.deploymentID) == ["d-5", "d-4", "d-3"])
        harness.restart()
        #expect(decisions().map(\.deploymentID) == ["d-5", "d-4", "d-3"])
    }

    @Test mutating func `is nothing of the state until something is released or has ended`() {
        let camera = harness.component("com.example.Camera")
        let coordinator = announce("d-1")
        let before = harness.state.count
        for _ in 0..<100 {
            harness.answer(camera, "d-1", 1_000)
            harness.pass(.seconds(1))
        }
        #expect(harness.state.count == before)
        harness.answer(camera, "d-1", 0)
        #expect(harness.state.count > before)
        let released = harness.state.count
        let done = CompleteRequest(deploymentID: "d-1", outcome: .applied)
        harness.ask(coordinator, .completeUpdate, done)
        #expect(harness.state.count > released)
    }
}
