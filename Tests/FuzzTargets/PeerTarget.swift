// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol

private let names = ["com.example.Camera", "com.example.Robot", "no name"]
private let waits: [Duration] = [
    .zero, .milliseconds(1), .seconds(2), .seconds(70), .seconds(9_000),
]

/// Plays what the input says, and then has everybody leave: the broker must have answered every
/// request that it could, and nothing may be left of them.
func playPeers(_ input: [UInt8]) {
    var decisions = FuzzDecisions(input)
    var harness = BrokerHarness { settings in
        settings.limits.componentConnections = 6
        settings.negotiation.maximumUpdates = 2
        settings.negotiation.maximumEnded = 2
        settings.upstream = UpstreamSettings(socket: "/run/nucleus", largestFrame: 10_012)
    }
    harness.host.upstream = SimulatedUpstream()
    while !decisions.isOver { move(&harness, &decisions) }
    for peer in harness.clients.keys.sorted() { harness.hangUp(peer) }
    harness.pass(.seconds(200_000))
    promise(harness.broker.negotiation.updates.isEmpty, "an update is left over")
    promise(harness.nextDeadline == nil, "a deadline is left over")
    promise(harness.broker.peerCount == 0, "a peer is left over")
    promise(harness.upstreams.isEmpty, "a connection to the upstream is left over")
}

private func move(_ harness: inout BrokerHarness, _ decisions: inout FuzzDecisions) {
    let peers = harness.clients.keys.sorted()
    guard !peers.isEmpty, decisions.number(below: 8) > 0 else {
        enter(&harness, &decisions)
        return
    }
    let peer = decisions.pick(peers)
    switch decisions.number(below: 13) {
    case 0: harness.ask(peer, .subscribeToComponentUpdates, payload: Array("{}".utf8))
    case 1: harness.ask(peer, .gateUpdate, payload: Array(#"{"deploymentId":"d"}"#.utf8))
    case 2:
        harness.answer(peer, "d", Int64(decisions.byte()) * 100, round: Int64(decisions.byte() % 4))
    case 3: harness.ask(peer, decisions.pick(Operation.allCases), payload: decisions.bytes())
    case 4: harness.sendBytes(message(&decisions).encoded(), from: peer)
    case 5:
        let bytes = frame(headers: decisions.bytes(), payload: decisions.bytes())
        harness.sendBytes(decisions.bool() ? bytes : Array(bytes.dropLast()), from: peer)
    case 6: harness.close(peer, Int32(decisions.number(below: 5)))
    case 7: harness.limitReading(peer, to: decisions.bool() ? nil : decisions.number(below: 100))
    case 8: harness.hangUp(peer)
    case 9: harness.answerFromUpstream()
    case 10, 11: speakAsUpstream(&harness, &decisions)
    default: passTime(&harness, &decisions)
    }
    check(&harness)
}

private func enter(_ harness: inout BrokerHarness, _ decisions: inout FuzzDecisions) {
    let endpoint: Endpoint = decisions.bool() ? .components : .control
    switch decisions.number(below: 6) {
    case 0: _ = harness.enter(at: endpoint, user: UInt32(decisions.byte()))
    case 1: _ = harness.connectThroughUpstream(decisions.pick(names))
    case 2: _ = harness.connectThroughUpstream(nil)
    default: _ = harness.connect(decisions.pick(names), at: endpoint)
    }
}

private func passTime(_ harness: inout BrokerHarness, _ decisions: inout FuzzDecisions) {
    switch decisions.number(below: 8) {
    case 0: harness.restart()
    case 1: harness.reboot()
    case 2: harness.suspend(decisions.pick(waits))
    default: harness.pass(decisions.pick(waits))
    }
}

/// A good message but for what the input says.
func message(_ decisions: inout FuzzDecisions) -> Message {
    let type: MessageType? = MessageType(rawValue: Int32(decisions.number(below: 12)) - 1)
    return Message(
        type ?? .ping,
        flags: Int32(decisions.number(below: 5)) - 1,
        stream: Int32(decisions.number(below: 6)) - 2,
        operation: decisions.bool() ? nil : decisions.text(),
        payload: decisions.bytes()
    )
}

private func check(_ harness: inout BrokerHarness) {
    for peer in harness.clients.keys.sorted() {
        _ = harness.heard(by: peer)
    }
    promise(harness.broker.peerCount == harness.clients.count, "a peer is lost")
    promise(
        harness.recalled().updates.names == harness.broker.negotiation.updates.names,
        "an update would be forgotten"
    )
}
