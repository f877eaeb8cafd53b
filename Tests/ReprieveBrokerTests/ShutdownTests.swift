// SPDX-License-Identifier: Apache-2.0

import BrokerStage
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

private let camera = "com.example.Camera"
private let robot = "com.example.Robot"
private let shutdown = "shutdown-a-1"

@Suite struct `A shutdown of the machine` {
    private var stage = Stage()

    private mutating func subscribe(_ name: String, confirm: Bool = false) -> PeerID {
        let peer = stage.component(name, confirm: confirm)
        _ = stage.heard(by: peer)
        return peer
    }

    private mutating func begin(_ kind: Shutdown.Kind = .reboot, limit: Duration = .seconds(5)) {
        stage.handle(.shutdownBegins(Shutdown(kind, limit: limit)))
    }

    private mutating func notice(to peer: PeerID) -> PreUpdateEvent? {
        stage.heard(by: peer).compactMap(\.notice).last
    }

    private mutating func post(to peer: PeerID) -> PostUpdateEvent? {
        stage.heard(by: peer).compactMap(\.post).last
    }

    /// Announces an update, and has it released.
    private mutating func release(
        _ id: String,
        by peers: [PeerID],
        _ change: (inout GateRequest) -> Void = { _ in }
    ) {
        var request = GateRequest(deploymentID: id)
        change(&request)
        stage.ask(stage.operatorAtControl(), .gateUpdate, request)
        for peer in peers {
            stage.answer(peer, id, 0)
            _ = stage.heard(by: peer)
        }
    }

    @Test mutating func `waits for its gate while anybody is subscribed, and else for nothing`() {
        #expect(stage.inhibition == Inhibition())
        let peer = subscribe(camera)
        #expect(stage.inhibition.delays && stage.inhibition.listens)
        stage.hangUp(peer)
        #expect(stage.inhibition == Inhibition())
    }

    @Test mutating func `is put off until the last component is ready, not longer`() {
        let first = subscribe(camera)
        let second = subscribe(robot)
        begin()
        let notice = notice(to: first)
        #expect(notice?.deploymentID == shutdown && notice?.isGgcRestarting == true)
        #expect(notice?.reason == "the machine reboots")
        #expect(notice?.deadlineInMs == 4_500)
        stage.answer(first, shutdown, 0)
        #expect(stage.inhibition.delays)
        stage.answer(second, shutdown, 0)
        #expect(!stage.inhibition.delays && stage.inhibition.listens)
    }

    @Test mutating func `goes ahead at its limit, and a component is told how much it gets`() {
        let peer = subscribe(camera)
        begin(limit: .seconds(20))
        _ = stage.heard(by: peer)
        stage.answer(peer, shutdown, 60_000, message: "recording")
        let grant = stage.heard(by: peer).first?.response(as: DeferResponse.self)
        #expect(grant?.grantedMs == 19_000)
        stage.answer(peer, shutdown, 70_000)
        stage.pass(.milliseconds(18_999))
        #expect(stage.inhibition.delays)
        stage.pass(.milliseconds(1))
        #expect(!stage.inhibition.delays)
        let warnings = stage.notes.filter { $0.text.contains("InhibitDelayMaxSec=") }
        #expect(warnings.map(\.component) == [camera])
    }

    @Test mutating func `is no reason to raise a limit that a component does not reach`() {
        stage.adopt { $0.policy.maxDefer = .seconds(1) }
        let peer = subscribe(camera)
        begin()
        stage.answer(peer, shutdown, 60_000)
        #expect(!stage.notes.contains { $0.text.contains("InhibitDelayMaxSec=") })
    }

    @Test mutating func `that nothing puts off is only told of`() {
        let peer = subscribe(camera)
        begin(.powerOff, limit: .zero)
        #expect(notice(to: peer)?.respondByMs == 0)
        #expect(!stage.inhibition.delays)
    }

    @Test mutating func `that is called off while it waits is withdrawn`() {
        let peer = subscribe(camera)
        begin()
        stage.handle(.shutdownCalledOff)
        #expect(post(to: peer)?.outcome == .cancelled)
        #expect(stage.inhibition.delays)
        begin()
        #expect(notice(to: peer)?.deploymentID == "shutdown-a-2")
    }

    @Test mutating func `that does not take place has failed`() {
        let peer = subscribe(camera)
        begin()
        stage.answer(peer, shutdown, 0)
        stage.handle(.shutdownCalledOff)
        #expect(post(to: peer)?.outcome == .failed)
        #expect(stage.inhibition.delays)
        stage.handle(.shutdownCalledOff)
        #expect(stage.heard(by: peer).isEmpty)
    }

    @Test mutating func `has taken place when the next boot begins`() {
        let peer = subscribe(camera)
        begin()
        stage.answer(peer, shutdown, 0)
        stage.reboot()
        #expect(stage.inhibition == Inhibition())
        #expect(post(to: stage.component(camera))?.outcome == .applied)
        let reader = stage.operatorAtControl()
        _ = stage.heard(by: reader)
        stage.ask(reader, .getHistory, HistoryRequest())
        let history = stage.heard(by: reader).first?.response(as: HistoryShape.self)
        #expect(history?.decisions.map(\.deploymentID) == [shutdown])
        #expect(history?.decisions.first?.outcome == .applied)
    }

    @Test mutating func `that leaves the journal where it is has taken place as well`() {
        let peer = subscribe(camera)
        begin(.softReboot)
        stage.answer(peer, shutdown, 0)
        stage.restart()
        #expect(post(to: stage.component(camera))?.outcome == .applied)
    }

    @Test mutating func `goes on waiting with a broker that was restarted`() {
        _ = subscribe(camera)
        begin()
        stage.restart()
        #expect(stage.inhibition.delays)
        let again = stage.component(camera)
        stage.answer(again, shutdown, 0)
        #expect(!stage.inhibition.delays && stage.inhibition.listens)
        stage.restart()
        #expect(!stage.inhibition.delays && stage.inhibition.listens)
        stage.handle(.shutdownCalledOff)
        #expect(post(to: stage.component(camera))?.outcome == .failed)
    }

    @Test(arguments: [true, false])
    mutating func `does not ask again who has acknowledged an update with it`(reboots: Bool) {
        let ready = subscribe(camera)
        let late = subscribe(robot)
        release("d-1", by: [ready]) { request in
            request.components = [camera]
            request.isGgcRestarting = !reboots
            request.reboots = reboots
        }
        begin()
        #expect(notice(to: ready) == nil)
        #expect(notice(to: late) != nil)
        stage.answer(late, shutdown, 0)
        #expect(!stage.inhibition.delays)
    }

    @Test mutating func `asks whoever acknowledged only an update without it`() {
        let peer = subscribe(camera)
        release("d-1", by: [peer])
        begin()
        #expect(notice(to: peer)?.deploymentID == shutdown)
    }

    @Test mutating func `asks whoever has come back since it acknowledged`() {
        let first = subscribe(camera)
        release("d-1", by: [first]) { $0.isGgcRestarting = true }
        stage.hangUp(first)
        let second = subscribe(camera)
        begin()
        #expect(notice(to: second)?.deploymentID == shutdown)
    }

    @Test mutating func `asks whoever only could, and has not been asked finally`() {
        let peer = subscribe(camera, confirm: true)
        _ = subscribe(robot)
        release("d-1", by: []) { $0.isGgcRestarting = true }
        stage.answer(peer, "d-1", 0, round: 1)
        let force = ReasonedRequest(deploymentID: "d-1", reason: "now")
        stage.ask(stage.operatorAtControl(), .forceUpdate, force)
        _ = stage.heard(by: peer)
        begin()
        #expect(notice(to: peer)?.deploymentID == shutdown)
    }

    @Test mutating func `lets a nucleus stop without asking anybody twice`() {
        let ready = subscribe(camera)
        let busy = subscribe(robot)
        begin()
        stage.answer(ready, shutdown, 0)
        stage.answer(busy, shutdown, 60_000)
        stage.pass(.seconds(5))
        _ = (stage.heard(by: ready), stage.heard(by: busy))
        release("stop-nucleus", by: [])
        #expect(notice(to: ready) == nil)
        #expect(notice(to: busy)?.deploymentID == "stop-nucleus")
    }

    @Test mutating func `is nobody else's to end, but may be forced`() {
        _ = subscribe(camera)
        begin()
        let operatorAtControl = stage.operatorAtControl()
        _ = stage.heard(by: operatorAtControl)
        let call = ReasonedRequest(deploymentID: shutdown, reason: "no")
        stage.ask(operatorAtControl, .cancelUpdate, call)
        #expect(stage.heard(by: operatorAtControl).first?.error?.code == .conflict)
        let completion = CompleteRequest(deploymentID: shutdown, outcome: .applied)
        stage.ask(operatorAtControl, .completeUpdate, completion)
        #expect(stage.heard(by: operatorAtControl).first?.error?.code == .conflict)
        stage.ask(operatorAtControl, .forceUpdate, call)
        #expect(!stage.inhibition.delays)
    }

    @Test mutating func `cannot be announced by anybody else`() {
        let peer = subscribe(camera)
        begin()
        let request = Array(#"{"deploymentId":"\#(shutdown)","shutdown":"reboot"}"#.utf8)
        let coordinator = stage.operatorAtControl()
        _ = stage.heard(by: coordinator)
        stage.ask(coordinator, .gateUpdate, payload: request)
        #expect(stage.heard(by: coordinator).first?.error?.code == .conflict)
        stage.hangUp(peer)
    }

    @Test mutating func `is refused while a deferral stands, where the operator wants that`() {
        let peer = subscribe(camera)
        stage.ask(stage.operatorAtControl(), .gateUpdate, GateRequest(deploymentID: "d-1"))
        stage.answer(peer, "d-1", 30_000, message: "recording\n")
        #expect(stage.inhibition.block == nil)
        stage.adopt { $0.blocksShutdown = true }
        #expect(stage.inhibition.block?.who == camera)
        #expect(stage.inhibition.block?.why == #"holds back update "d-1": recording\u{a}"#)
        stage.answer(peer, "d-1", 0)
        #expect(stage.inhibition.block == nil)
    }

    @Test mutating func `is still refused by a broker that was restarted`() {
        stage.adopt { $0.blocksShutdown = true }
        let peer = subscribe(camera)
        stage.ask(stage.operatorAtControl(), .gateUpdate, GateRequest(deploymentID: "d-1"))
        stage.answer(peer, "d-1", 30_000)
        stage.restart()
        #expect(stage.inhibition.block?.who == camera)
    }

    @Test mutating func `is put off however many updates are under way`() {
        stage.adopt { $0.negotiation.maximumUpdates = 1 }
        let peer = subscribe(camera)
        release("d-1", by: [peer])
        begin()
        #expect(notice(to: peer)?.deploymentID == shutdown)
        #expect(stage.inhibition.delays)
        let coordinator = stage.operatorAtControl()
        _ = stage.heard(by: coordinator)
        stage.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-2"))
        #expect(stage.heard(by: coordinator).first?.error?.code == .serviceError)
    }

    @Test mutating func `is left alone where the operator wants that`() {
        _ = subscribe(camera)
        stage.adopt { $0.delaysShutdown = false }
        #expect(stage.inhibition == Inhibition())
    }
}
