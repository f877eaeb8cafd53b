// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import StrictJSON
import Testing

@Suite("A gate, from socket to socket") struct GateTests {
    private var harness = BrokerHarness()

    private mutating func quietComponent(_ name: String) -> PeerID {
        let peer = harness.component(name)
        _ = harness.heard(by: peer)
        return peer
    }

    private mutating func released(_ peer: PeerID) -> ReleasedShape? {
        for case .released(let released)? in harness.heard(by: peer).map(\.gate) { return released }
        return nil
    }

    @Test mutating func `the response to a subscription comes before its notice`() {
        _ = quietComponent("com.example.Robot")
        _ = harness.announce()
        let late = harness.component("com.example.Camera")
        let heard = harness.heard(by: late)
        #expect(heard.count == 3)
        #expect(heard[0] == .connected)
        #expect(heard[1].response(as: Empty.self) != nil)
        #expect(heard[2].notice?.deploymentID == "d-1")
    }

    @Test mutating func `the gate opens with the last answer, not later`() {
        let camera = quietComponent("com.example.Camera")
        let robot = quietComponent("com.example.Robot")
        let coordinator = harness.announce()
        harness.answer(camera, "d-1", 0)
        #expect(released(coordinator) == nil)
        harness.answer(robot, "d-1", 0)
        #expect(released(coordinator)?.basis == .consent)
    }

    @Test mutating func `a notice says what is coming and how much time there is`() throws {
        let camera = quietComponent("com.example.Camera")
        _ = harness.announce { request in
            request.reason = "nucleus 2.13.0"
            request.disruption = .nucleus
            request.policy.responseTimeoutMs = 20_000
            request.policy.deadlineMs = 50_000
            request.policy.maxDeferMs = 30_000
        }
        let notice = try #require(harness.heard(by: camera).last?.notice)
        #expect(notice.reason == "nucleus 2.13.0")
        #expect(notice.disruption == .nucleus)
        #expect(notice.components == nil)
        #expect(notice.round == 1)
        #expect(notice.respondByMs == 20_000)
        #expect(notice.deadlineInMs == 50_000)
        #expect(notice.maxDeferMs == 30_000)
    }

    @Test mutating func `a deferral is granted, runs out, and the next round comes`() throws {
        let camera = quietComponent("com.example.Camera")
        let coordinator = harness.announce()
        _ = harness.heard(by: camera)
        harness.answer(camera, "d-1", 30_000, message: "recording")
        let response = harness.heard(by: camera).first?.response(as: DeferResponse.self)
        #expect(response == DeferResponse(grantedMs: 30_000, remainingMs: 43_170_000))
        harness.pass(.milliseconds(29_999))
        #expect(harness.heard(by: camera).isEmpty)
        harness.pass(.milliseconds(1))
        #expect(harness.heard(by: camera).first?.notice?.round == 2)
        harness.answer(camera, "d-1", 0)
        #expect(released(coordinator)?.waitedMs == 30_000)
    }

    @Test mutating func `a released update is completed and everybody hears how`() {
        let camera = quietComponent("com.example.Camera")
        let coordinator = harness.announce()
        harness.answer(camera, "d-1", 0)
        _ = harness.heard(by: camera)
        _ = harness.heard(by: coordinator)
        harness.ask(
            coordinator,
            .completeUpdate,
            CompleteRequest(deploymentID: "d-1", outcome: .rolledBack, message: "no boot")
        )
        #expect(harness.heard(by: coordinator).first?.response(as: Empty.self) != nil)
        let post = PostUpdateEvent(deploymentID: "d-1", outcome: .rolledBack, message: "no boot")
        #expect(harness.heard(by: camera).first?.post == post)
    }

    @Test mutating func `progress names who blocks, after each change, once a turn`() throws {
        let camera = quietComponent("com.example.Camera")
        _ = quietComponent("com.example.Robot")
        let coordinator = harness.announce()
        let response = harness.heard(by: coordinator).first?.response(as: GateResponse.self)
        #expect(response?.participants.count == 2)
        harness.pass(.microseconds(1_200))
        guard case .progress(let first)? = harness.heard(by: coordinator).first?.gate else {
            Issue.record("no progress")
            return
        }
        #expect(first.blockedBy == ["com.example.Camera", "com.example.Robot"])
        harness.pass(.milliseconds(1))
        harness.answer(camera, "d-1", 0)
        guard case .progress(let second)? = harness.heard(by: coordinator).last?.gate else {
            Issue.record("no progress")
            return
        }
        #expect(second.blockedBy == ["com.example.Robot"])
    }

    @Test mutating func `who waits for a request is told before who made it`() {
        let camera = quietComponent("com.example.Camera")
        let coordinator = harness.operatorAtControl()
        _ = harness.heard(by: coordinator)
        // The broker dies when it has appended to its journal and written to one peer.
        harness.host.operationsLeft = 2
        harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-1"))
        #expect(harness.heard(by: camera).count == 1)
        #expect(harness.heard(by: coordinator).isEmpty)
    }

    @Test(arguments: [(count: 1, wait: 1_100), (count: 100, wait: 11_000)])
    mutating func `a gate that all open at once has no progress`(count: Int, wait: Int) {
        let peers = (0..<count).map { quietComponent("com.example.c\($0)") }
        let coordinator = harness.announce()
        harness.pass(.microseconds(wait - 1))
        for peer in peers { harness.answer(peer, "d-1", 0) }
        harness.pass(.seconds(1))
        let events = harness.heard(by: coordinator).compactMap(\.gate)
        #expect(events.count == 1 && events.first?.isLast == true)
    }

    @Test mutating func `progress of many is thinned, and the last state is always shown`() {
        let names = (0..<200).map { "com.example.c\($0)" }
        let peers = names.map { quietComponent($0) }
        let coordinator = harness.announce()
        harness.pass(.milliseconds(21))
        #expect(harness.heard(by: coordinator).count == 2)
        for peer in peers.dropLast() { harness.answer(peer, "d-1", 0) }
        #expect(harness.heard(by: coordinator).isEmpty)
        harness.pass(.milliseconds(20))
        let shown = harness.heard(by: coordinator)
        #expect(shown.count == 1)
        guard case .progress(let update)? = shown.last?.gate else {
            Issue.record("no progress")
            return
        }
        #expect(update.blockedBy == ["com.example.c199"])
        #expect(harness.broker.negotiation.updates.count == 1)
    }

    @Test mutating func `a watcher sees the status now and after each change of an update`() {
        let watcher = harness.operatorAtControl()
        harness.ask(watcher, .watchStatus, Empty())
        let camera = quietComponent("com.example.Camera")
        _ = harness.heard(by: watcher)
        _ = harness.announce()
        harness.pass(.milliseconds(1))
        let shown = harness.heard(by: watcher).compactMap { event -> StatusShape? in
            guard case .event(_, let payload, _) = event else { return nil }
            return try? StatusEvent(decoding: payload).status
        }
        #expect(shown.last?.updates.first?.blockedBy == ["com.example.Camera"])
        #expect(shown.last?.components.map(\.component) == ["com.example.Camera"])
        harness.hangUp(camera)
    }

    @Test mutating func `a coordinator that closes its stream has left`() {
        _ = quietComponent("com.example.Camera")
        let coordinator = harness.announce()
        harness.close(coordinator, 1)
        harness.pass(.seconds(5))
        #expect(harness.broker.negotiation.updates.isEmpty)
    }

    @Test mutating func `the same request attaches, another one is a conflict`() {
        _ = quietComponent("com.example.Camera")
        _ = harness.announce()
        let second = harness.announce()
        let response = harness.heard(by: second).first?.response(as: GateResponse.self)
        #expect(response?.attached == true)
        let third = harness.announce { $0.reason = "another" }
        #expect(harness.heard(by: third).first?.error?.code == .conflict)
    }

    @Test mutating func `the same request is the same value, not the same bytes`() {
        _ = quietComponent("com.example.Camera")
        let texts = [
            #"{"deploymentId":"d","policy":{"deadlineMs":1000,"onSilence":"proceed"}}"#,
            #"{ "policy": {"onSilence":"proceed","deadlineMs":1e3}, "deploymentId": "d" }"#,
        ]
        for (text, attached) in zip(texts, [false, true]) {
            let coordinator = harness.operatorAtControl()
            _ = harness.heard(by: coordinator)
            harness.ask(coordinator, .gateUpdate, payload: Array(text.utf8))
            let response = harness.heard(by: coordinator).first?.response(as: GateResponse.self)
            #expect(response?.attached == attached)
        }
    }

    @Test mutating func `a notice too long for the C SDK omits the components`() throws {
        let camera = quietComponent("com.example.Camera")
        let names = (0..<400).map { "com.example.component-number-\($0)" }
        _ = harness.announce { $0.components = names + ["com.example.Camera"] }
        let notice = try #require(harness.heard(by: camera).last?.notice)
        #expect(notice.components == nil)
        let robot = quietComponent("com.example.Robot")
        _ = harness.announce("d-2") { $0.components = ["com.example.Robot"] }
        #expect(harness.heard(by: robot).last?.notice?.components == ["com.example.Robot"])
    }
}
