// SPDX-License-Identifier: Apache-2.0

import BrokerStage
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

@Suite struct `What a broker wrote down before it died` {
    private var stage = Stage()

    private mutating func announce(_ id: String, by coordinator: PeerID? = nil) -> PeerID {
        let coordinator = coordinator ?? stage.operatorAtControl()
        stage.ask(coordinator, .gateUpdate, GateRequest(deploymentID: id, reason: "2.13.0"))
        return coordinator
    }

    private func state(_ name: String, _ id: String = "d-1") -> Participant.State? {
        stage.broker.negotiation.updates[id]?.participants[name]?.state
    }

    private mutating func post(to peer: PeerID) -> PostUpdateEvent? {
        stage.heard(by: peer).compactMap(\.post).first
    }

    private mutating func decisions(_ id: String? = nil) -> [DecisionShape] {
        let peer = stage.operatorAtControl()
        _ = stage.heard(by: peer)
        stage.ask(peer, .getHistory, HistoryRequest(deploymentID: id))
        let answer = stage.heard(by: peer).first?.response(as: HistoryShape.self)
        return answer?.decisions ?? []
    }

    @Test mutating func `is all that it knew`() {
        let arm = stage.component("com.example.Arm")
        let camera = stage.component("com.example.Camera", confirm: true)
        _ = announce("d-1")
        _ = announce("d-2")
        stage.answer(arm, "d-1", 30_000, message: "moving")
        stage.answer(camera, "d-1", 0, round: 1)
        stage.answer(arm, "d-2", 0)
        stage.pass(.seconds(3))
        stage.hangUp(arm)
        var expected = stage.broker.negotiation
        _ = expected.handle(.restarted, at: stage.now)
        #expect(stage.recalled() == expected)
        stage.restart()
        #expect(stage.broker.negotiation == expected)
    }

    @Test mutating func `holds a deferral to its end, and takes the answer of who returns`() {
        let camera = stage.component("com.example.Camera")
        _ = announce("d-1")
        stage.answer(camera, "d-1", 60_000)
        stage.pass(.seconds(10))
        stage.restart()
        let coordinator = announce("d-1")
        let again = stage.component("com.example.Camera")
        #expect(state("com.example.Camera") == .deferred)
        stage.answer(again, "d-1", 0)
        let release = stage.heard(by: coordinator).compactMap(\.gate).last
        #expect(release?.isLast == true)
    }

    @Test mutating func `does not open a gate before the components are back`() {
        _ = stage.component("com.example.Camera")
        _ = announce("d-1")
        stage.restart()
        let coordinator = announce("d-1")
        #expect(stage.broker.negotiation.updates["d-1"]?.isWaiting == true)
        #expect(stage.heard(by: coordinator).compactMap(\.gate).allSatisfy { !$0.isLast })
    }

    @Test mutating func `lets an update be completed in the next boot`() {
        let camera = stage.component("com.example.Camera")
        _ = announce("d-1")
        stage.answer(camera, "d-1", 0)
        stage.pass(.seconds(7))
        stage.reboot()
        #expect(stage.broker.negotiation.updates["d-1"]?.isWaiting == false)
        #expect(stage.nextDeadline == stage.now + .seconds(24 * 3_600))
        let again = stage.component("com.example.Camera")
        let coordinator = stage.operatorAtControl()
        let request = CompleteRequest(deploymentID: "d-1", outcome: .applied, message: "at last")
        stage.ask(coordinator, .completeUpdate, request)
        #expect(post(to: again)?.outcome == .applied)
        let decision = decisions("d-1").first
        #expect(decision?.basis == .consent)
        #expect(decision?.outcome == .applied)
        #expect(decision?.participants.map(\.component) == ["com.example.Camera"])
    }

    @Test mutating func `owes a post also in the next boot, and the one after it`() {
        let camera = stage.component("com.example.Camera")
        let coordinator = announce("d-1")
        stage.hangUp(camera)
        let call = ReasonedRequest(deploymentID: "d-1", reason: "wrong version")
        stage.ask(coordinator, .cancelUpdate, call)
        stage.reboot()
        stage.pass(.seconds(100))
        stage.reboot()
        let again = stage.component("com.example.Camera")
        #expect(post(to: again)?.outcome == .cancelled)
        let repeated = stage.operatorAtControl()
        _ = stage.heard(by: repeated)
        stage.ask(repeated, .cancelUpdate, call)
        let answer = stage.heard(by: repeated)
        #expect(answer.first?.response(as: Empty.self) != nil, "\(answer)")
    }

    @Test mutating func `owes the posts that had not left when it died, once`() {
        let camera = stage.component("com.example.Camera")
        let coordinator = announce("d-1")
        stage.answer(camera, "d-1", 0)
        let done = CompleteRequest(deploymentID: "d-1", outcome: .applied)
        stage.die { $0.ask(coordinator, .completeUpdate, done) }
        #expect(stage.broker.negotiation.updates.isEmpty)
        let again = stage.component("com.example.Camera")
        #expect(post(to: again)?.outcome == .applied)
        stage.restart()
        let last = stage.component("com.example.Camera")
        #expect(post(to: last) == nil)
    }

    @Test mutating func `owes a post also where it died while handing it over`() {
        let camera = stage.component("com.example.Camera")
        let coordinator = announce("d-1")
        stage.hangUp(camera)
        let call = ReasonedRequest(deploymentID: "d-1", reason: "wrong version")
        stage.ask(coordinator, .cancelUpdate, call)
        stage.die { _ = $0.component("com.example.Camera") }
        let again = stage.component("com.example.Camera")
        #expect(post(to: again)?.outcome == .cancelled)
    }

    @Test mutating func `owes nothing of an id that was announced again as it died`() {
        let camera = stage.component("com.example.Camera")
        let coordinator = announce("d-1")
        stage.answer(camera, "d-1", 0)
        let done = CompleteRequest(deploymentID: "d-1", outcome: .applied)
        let others = GateRequest(deploymentID: "d-1", components: ["com.example.Robot"])
        stage.die { stage in
            stage.ask(coordinator, .completeUpdate, done)
            stage.ask(coordinator, .gateUpdate, others)
        }
        #expect(stage.broker.negotiation.updates["d-1"]?.participants.count == 0)
        let again = stage.component("com.example.Camera")
        #expect(post(to: again) == nil)
    }

    @Test mutating func `forgets an update that only waited when the device reboots`() {
        _ = stage.component("com.example.Camera")
        _ = announce("d-1")
        stage.reboot()
        #expect(stage.broker.negotiation.updates.isEmpty)
    }

    @Test mutating func `tells why an update went ahead, newest first`() {
        let camera = stage.component("com.example.Camera")
        let coordinator = announce("d-1")
        stage.answer(camera, "d-1", 30_000, message: "recording")
        let force = ReasonedRequest(deploymentID: "d-1", reason: "a hole is being used")
        stage.ask(coordinator, .forceUpdate, force)
        let done = CompleteRequest(deploymentID: "d-1", outcome: .failed)
        stage.ask(coordinator, .completeUpdate, done)
        let other = announce("d-2")
        stage.ask(other, .cancelUpdate, ReasonedRequest(deploymentID: "d-2", reason: "no"))
        stage.restart()
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

    @Test mutating func `is no more of the history than there is room for`() {
        stage = Stage { $0.history.maximumDecisions = 3 }
        for number in 1...5 {
            let coordinator = announce("d-\(number)")
            let done = CompleteRequest(deploymentID: "d-\(number)", outcome: .applied)
            stage.ask(coordinator, .completeUpdate, done)
        }
        #expect(decisions().map(\.deploymentID) == ["d-5", "d-4", "d-3"])
        stage.restart()
        #expect(decisions().map(\.deploymentID) == ["d-5", "d-4", "d-3"])
    }

    @Test mutating func `is nothing of the state until something is released or has ended`() {
        let camera = stage.component("com.example.Camera")
        let coordinator = announce("d-1")
        let before = stage.state.count
        for _ in 0..<100 {
            stage.answer(camera, "d-1", 1_000)
            stage.pass(.seconds(1))
        }
        #expect(stage.state.count == before)
        stage.answer(camera, "d-1", 0)
        #expect(stage.state.count > before)
        let released = stage.state.count
        let done = CompleteRequest(deploymentID: "d-1", outcome: .applied)
        stage.ask(coordinator, .completeUpdate, done)
        #expect(stage.state.count > released)
    }
}

@Suite struct `A damaged file` {
    /// A journal with two components, one of which has deferred.
    private func stage() -> Stage {
        var stage = Stage()
        let arm = stage.component("com.example.Arm")
        _ = stage.component("com.example.Camera")
        let coordinator = stage.operatorAtControl()
        stage.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-1"))
        stage.answer(arm, "d-1", 30_000)
        return stage
    }

    private func recall(_ journal: [UInt8], _ stage: Stage) -> (Negotiation, [String]) {
        let past = Recollection(journal: journal, boot: stage.broker.settings.boot)
        let settings = stage.broker.settings
        let broker = Broker(settings: settings, recalling: past, at: stage.now)
        return (broker.negotiation, past.journal.findings)
    }

    @Test func `gives what it held before the page that was torn, wherever it was cut`() {
        let stage = stage()
        let whole = recall(stage.journal, stage)
        #expect(whole.1.isEmpty)
        for count in 1..<stage.journal.count {
            let (negotiation, findings) = recall(Array(stage.journal.prefix(count)), stage)
            #expect(negotiation != whole.0)
            if let update = negotiation.updates["d-1"] {
                #expect(update.participants.count == 2, "no page counts by half")
            }
            #expect(findings.count <= 1)
        }
    }

    @Test func `gives everything but the record that was hit, whichever bit is flipped`() {
        let stage = stage()
        for index in stage.journal.indices {
            var bytes = stage.journal
            bytes[index] ^= 1 << UInt8(index % 8)
            let (negotiation, findings) = recall(bytes, stage)
            #expect(findings.count == 1 && findings[0].contains("damaged"))
            let count = negotiation.updates["d-1"]?.participants.count
            #expect(count == nil || count ?? 0 >= 1)
        }
    }

    @Test func `of another boot is void, and says so`() {
        let stage = stage()
        let past = Recollection(journal: stage.journal, boot: "another")
        #expect(past.journal.findings == ["it is of another boot, and void"])
    }

    @Test func `gives no instant of another boot when the frame is hit that names the boot`() {
        var stage = Stage()
        stage.pass(.seconds(500_000))
        let coordinator = stage.operatorAtControl()
        stage.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-1"))
        var state = stage.state
        state[20] ^= 1
        let past = Recollection(state: state, boot: "another")
        let start = Instant(sinceBoot: .seconds(5))
        let broker = Broker(settings: stage.broker.settings, recalling: past, at: start)
        #expect(past.state.findings.count == 1)
        #expect(broker.negotiation.updates["d-1"]?.release?.at == start)
    }

    @Test func `may hold anything, and nothing comes of it`() {
        let stage = stage()
        var dice = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &dice) }
            #expect(recall(bytes, stage).0.updates.isEmpty)
        }
    }
}
