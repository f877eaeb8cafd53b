// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

private let camera = "com.example.Camera"
private let robot = "com.example.Robot"
private let shutdown = "shutdown-a-1"

@Suite("A shutdown of the machine") struct ShutdownTests {
    private var harness = BrokerHarness()

    private mutating func subscribe(_ name: String, confirm: Bool = false) -> PeerID {
        let peer = harness.component(name, confirm: confirm)
        _ = harness.heard(by: peer)
        return peer
    }

    private mutating func begin(_ kind: Shutdown.Kind = .reboot, limit: Duration = .seconds(5)) {
        harness.turn(.shutdownBegins(Shutdown(kind, limit: limit)))
    }

    private mutating func notice(to peer: PeerID) -> PreUpdateEvent? {
        harness.heard(by: peer).compactMap(\.notice).last
    }

    private mutating func post(to peer: PeerID) -> PostUpdateEvent? {
        harness.heard(by: peer).compactMap(\.post).last
    }

    /// Announces an update, and has it released.
    private mutating func release(
        _ id: String,
        by peers: [PeerID],
        _ change: (inout GateRequest) -> Void = { _ in }
    ) {
        var request = GateRequest(deploymentID: id)
        change(&request)
        harness.ask(harness.operatorAtControl(), .gateUpdate, request)
        for peer in peers {
            harness.answer(peer, id, 0)
            _ = harness.heard(by: peer)
        }
    }

    @Test mutating func `waits for its gate while anybody is subscribed, and else for nothing`() {
        #expect(harness.inhibition == Inhibition())
        let peer = subscribe(camera)
        #expect(harness.inhibition.delays && harness.inhibition.listens)
        harness.hangUp(peer)
        #expect(harness.inhibition == Inhibition())
    }

    @Test mutating func `is put off until the last component is ready, not longer`() {
        let first = subscribe(camera)
        let second = subscribe(robot)
        begin()
        let notice = notice(to: first)
        #expect(notice?.deploymentID == shutdown && notice?.disruption.stopsMachine == true)
        #expect(notice?.reason == "the machine reboots")
        #expect(notice?.deadlineInMs == 4_500)
        harness.answer(first, shutdown, 0)
        #expect(harness.inhibition.delays)
        harness.answer(second, shutdown, 0)
        #expect(!harness.inhibition.delays && harness.inhibition.listens)
    }

    @Test mutating func `goes ahead at its limit, and a component is told how much it gets`() {
        let peer = subscribe(camera)
        begin(limit: .seconds(20))
        _ = harness.heard(by: peer)
        harness.answer(peer, shutdown, 60_000, message: "recording")
        let grant = harness.heard(by: peer).first?.response(as: DeferResponse.self)
        #expect(grant?.grantedMs == 19_000)
        harness.answer(peer, shutdown, 70_000)
        harness.pass(.milliseconds(18_999))
        #expect(harness.inhibition.delays)
        harness.pass(.milliseconds(1))
        #expect(!harness.inhibition.delays)
        let warnings = harness.log.filter { $0.text.contains("InhibitDelayMaxSec=") }
        #expect(warnings.map(\.component) == [camera])
    }

    @Test mutating func `is no reason to raise a limit that a component does not reach`() {
        harness.adopt { $0.policy.maxDefer = .seconds(1) }
        let peer = subscribe(camera)
        begin()
        harness.answer(peer, shutdown, 60_000)
        #expect(!harness.log.contains { $0.text.contains("InhibitDelayMaxSec=") })
    }

    @Test mutating func `that nothing puts off is only told of`() {
        let peer = subscribe(camera)
        begin(.powerOff, limit: .zero)
        #expect(notice(to: peer)?.respondByMs == 0)
        #expect(!harness.inhibition.delays)
    }

    @Test mutating func `that is called off while it waits is withdrawn`() {
        let peer = subscribe(camera)
        begin()
        harness.turn(.shutdownCalledOff)
        #expect(post(to: peer)?.outcome == .cancelled)
        #expect(harness.inhibition.delays)
        begin()
        #expect(notice(to: peer)?.deploymentID == "shutdown-a-2")
    }

    @Test mutating func `that does not take place has failed`() {
        let peer = subscribe(camera)
        begin()
        harness.answer(peer, shutdown, 0)
        harness.turn(.shutdownCalledOff)
        #expect(post(to: peer)?.outcome == .failed)
        #expect(harness.inhibition.delays)
        harness.turn(.shutdownCalledOff)
        #expect(harness.heard(by: peer).isEmpty)
    }

    @Test mutating func `has taken place when the next boot begins`() {
        let peer = subscribe(camera)
        begin()
        harness.answer(peer, shutdown, 0)
        harness.reboot()
        #expect(harness.inhibition == Inhibition())
        #expect(post(to: harness.component(camera))?.outcome == .applied)
        let reader = harness.operatorAtControl()
        _ = harness.heard(by: reader)
        harness.ask(reader, .getHistory, HistoryRequest())
        let history = harness.heard(by: reader).first?.response(as: HistoryShape.self)
        #expect(history?.decisions.map(\.deploymentID) == [shutdown])
        #expect(history?.decisions.first?.outcome == .applied)
    }

    @Test mutating func `that leaves the journal where it is has taken place as well`() {
        let peer = subscribe(camera)
        begin(.softReboot)
        harness.answer(peer, shutdown, 0)
        harness.restart()
        #expect(post(to: harness.component(camera))?.outcome == .applied)
    }

    @Test mutating func `goes on waiting with a broker that was restarted`() {
        _ = subscribe(camera)
        begin()
        harness.restart()
        #expect(harness.inhibition.delays)
        let again = harness.component(camera)
        harness.answer(again, shutdown, 0)
        #expect(!harness.inhibition.delays && harness.inhibition.listens)
        harness.restart()
        #expect(!harness.inhibition.delays && harness.inhibition.listens)
        harness.turn(.shutdownCalledOff)
        #expect(post(to: harness.component(camera))?.outcome == .failed)
    }

    @Test(arguments: [true, false])
    mutating func `does not ask again who has acknowledged an update with it`(reboots: Bool) {
        let ready = subscribe(camera)
        let late = subscribe(robot)
        release("d-1", by: [ready]) { request in
            request.components = [camera]
            request.disruption = reboots ? .reboot : .nucleus
        }
        begin()
        #expect(notice(to: ready) == nil)
        #expect(notice(to: late) != nil)
        harness.answer(late, shutdown, 0)
        // An update that is not this shutdown is not to be cut off by it.
        #expect(harness.inhibition.delays == !reboots)
        #expect(
            harness.inhibition.delay?.why == (reboots ? nil : #"update "d-1" is being applied"#)
        )
        let completion = CompleteRequest(deploymentID: "d-1", outcome: .applied)
        harness.ask(harness.operatorAtControl(), .completeUpdate, completion)
        #expect(!harness.inhibition.delays)
    }

    @Test mutating func `asks whoever acknowledged only an update without it`() {
        let peer = subscribe(camera)
        release("d-1", by: [peer])
        begin()
        #expect(notice(to: peer)?.deploymentID == shutdown)
    }

    @Test mutating func `asks whoever has come back since it acknowledged`() {
        let first = subscribe(camera)
        release("d-1", by: [first]) { $0.disruption = .nucleus }
        harness.hangUp(first)
        let second = subscribe(camera)
        begin()
        #expect(notice(to: second)?.deploymentID == shutdown)
    }

    @Test mutating func `asks whoever only could, and has not been asked finally`() {
        let peer = subscribe(camera, confirm: true)
        _ = subscribe(robot)
        release("d-1", by: []) { $0.disruption = .nucleus }
        harness.answer(peer, "d-1", 0, round: 1)
        let force = ReasonedRequest(deploymentID: "d-1", reason: "now")
        harness.ask(harness.operatorAtControl(), .forceUpdate, force)
        _ = harness.heard(by: peer)
        begin()
        #expect(notice(to: peer)?.deploymentID == shutdown)
    }

    @Test mutating func `lets a nucleus stop without asking anybody twice`() {
        let ready = subscribe(camera)
        let busy = subscribe(robot)
        begin()
        harness.answer(ready, shutdown, 0)
        harness.answer(busy, shutdown, 60_000)
        harness.pass(.seconds(5))
        _ = (harness.heard(by: ready), harness.heard(by: busy))
        release("stop-nucleus", by: [])
        #expect(notice(to: ready) == nil)
        #expect(notice(to: busy)?.deploymentID == "stop-nucleus")
    }

    @Test mutating func `is agreed to by a veto, and an update in it is not`() {
        harness = BrokerHarness { settings in
            var rule = ComponentRule(pattern: camera)
            rule.isVeto = true
            settings.negotiation.rules = [rule]
        }
        let veto = subscribe(camera)
        begin()
        harness.answer(veto, shutdown, 0)
        _ = harness.heard(by: veto)
        release("in-shutdown", by: [])
        #expect(notice(to: veto)?.deploymentID == "in-shutdown")
        #expect(harness.broker.negotiation.updates["in-shutdown"]?.isWaiting == true)
    }

    @Test mutating func `is nobody else's to end, but may be forced`() {
        _ = subscribe(camera)
        begin()
        let operatorAtControl = harness.operatorAtControl()
        _ = harness.heard(by: operatorAtControl)
        let call = ReasonedRequest(deploymentID: shutdown, reason: "no")
        harness.ask(operatorAtControl, .cancelUpdate, call)
        #expect(harness.heard(by: operatorAtControl).first?.error?.code == .conflict)
        let completion = CompleteRequest(deploymentID: shutdown, outcome: .applied)
        harness.ask(operatorAtControl, .completeUpdate, completion)
        #expect(harness.heard(by: operatorAtControl).first?.error?.code == .conflict)
        harness.ask(operatorAtControl, .forceUpdate, call)
        #expect(!harness.inhibition.delays)
    }

    @Test mutating func `cannot be announced by anybody else`() {
        let peer = subscribe(camera)
        begin()
        let request = Array(#"{"deploymentId":"\#(shutdown)","shutdown":"reboot"}"#.utf8)
        let coordinator = harness.operatorAtControl()
        _ = harness.heard(by: coordinator)
        harness.ask(coordinator, .gateUpdate, payload: request)
        #expect(harness.heard(by: coordinator).first?.error?.code == .conflict)
        harness.hangUp(peer)
    }

    @Test mutating func `is refused while a deferral stands, where the operator wants that`() {
        let peer = subscribe(camera)
        let coordinator = harness.operatorAtControl()
        harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-1"))
        harness.answer(peer, "d-1", 30_000, message: "recording\n")
        #expect(harness.inhibition.block == nil)
        harness.adopt { $0.blocksShutdown = true }
        #expect(harness.inhibition.block?.who == camera)
        #expect(harness.inhibition.block?.why == #"holds back update "d-1": recording\u{a}"#)
        harness.answer(peer, "d-1", 0)
        #expect(harness.inhibition.block?.who == "Reprieve")
        #expect(harness.inhibition.block?.why == #"update "d-1" is being applied"#)
        let completion = CompleteRequest(deploymentID: "d-1", outcome: .applied)
        harness.ask(coordinator, .completeUpdate, completion)
        #expect(harness.inhibition.block == nil)
    }

    @Test mutating func `is still refused by a broker that was restarted`() {
        harness.adopt { $0.blocksShutdown = true }
        let peer = subscribe(camera)
        harness.ask(harness.operatorAtControl(), .gateUpdate, GateRequest(deploymentID: "d-1"))
        harness.answer(peer, "d-1", 30_000)
        harness.restart()
        #expect(harness.inhibition.block?.who == camera)
    }

    @Test mutating func `is put off however many updates are under way`() {
        harness.adopt { $0.negotiation.maximumUpdates = 1 }
        let peer = subscribe(camera)
        release("d-1", by: [peer])
        begin()
        #expect(notice(to: peer)?.deploymentID == shutdown)
        #expect(harness.inhibition.delays)
        let coordinator = harness.operatorAtControl()
        _ = harness.heard(by: coordinator)
        harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-2"))
        #expect(harness.heard(by: coordinator).first?.error?.code == .serviceError)
    }

    @Test mutating func `is left alone where the operator wants that`() {
        _ = subscribe(camera)
        harness.adopt { $0.delaysShutdown = false }
        #expect(harness.inhibition == Inhibition())
    }
}
