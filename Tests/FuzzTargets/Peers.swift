// SPDX-License-Identifier: Apache-2.0

import BrokerStage
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
    var chance = Chance(input)
    var stage = Stage { settings in
        settings.maximumPeers = 6
        settings.maximumPeersOfUser = 5
        settings.negotiation.maximumUpdates = 2
        settings.negotiation.maximumEnded = 2
    }
    while !chance.isOver { move(&stage, &chance) }
    for peer in stage.actors.keys.sorted() { stage.hangUp(peer) }
    stage.pass(.seconds(200_000))
    precondition(stage.broker.negotiation.updates.isEmpty, "an update is left over")
    precondition(stage.nextDeadline == nil, "a deadline is left over")
    precondition(stage.broker.peerCount == 0, "a peer is left over")
}

private func move(_ stage: inout Stage, _ chance: inout Chance) {
    let peers = stage.actors.keys.sorted()
    guard !peers.isEmpty, chance.number(below: 8) > 0 else {
        enter(&stage, &chance)
        return
    }
    let peer = chance.pick(peers)
    switch chance.number(below: 10) {
    case 0: stage.ask(peer, .subscribeToComponentUpdates, payload: Array("{}".utf8))
    case 1: stage.ask(peer, .gateUpdate, payload: Array(#"{"deploymentId":"d"}"#.utf8))
    case 2: stage.answer(peer, "d", Int64(chance.byte()) * 100, round: Int64(chance.byte() % 4))
    case 3: stage.ask(peer, chance.pick(Operation.allCases), payload: chance.bytes())
    case 4: stage.sendBytes(message(&chance), from: peer)
    case 5:
        let bytes = frame(headers: chance.bytes(), payload: chance.bytes())
        stage.sendBytes(chance.bool() ? bytes : Array(bytes.dropLast()), from: peer)
    case 6: stage.close(peer, Int32(chance.number(below: 5)))
    case 7: stage.limitReading(peer, to: chance.bool() ? nil : chance.number(below: 100))
    case 8: stage.hangUp(peer)
    default: passTime(&stage, &chance)
    }
    check(&stage)
}

private func enter(_ stage: inout Stage, _ chance: inout Chance) {
    let door: Door = chance.bool() ? .components : .control
    if chance.number(below: 4) == 0 {
        _ = stage.enter(by: door, user: UInt32(chance.byte()))
    } else {
        _ = stage.connect(chance.pick(names), by: door)
    }
}

private func passTime(_ stage: inout Stage, _ chance: inout Chance) {
    switch chance.number(below: 8) {
    case 0: stage.restart()
    case 1: stage.reboot()
    case 2: stage.sleep(chance.pick(waits))
    default: stage.pass(chance.pick(waits))
    }
}

/// A good message but for what the input says.
private func message(_ chance: inout Chance) -> [UInt8] {
    let type: MessageType? = MessageType(rawValue: Int32(chance.number(below: 12)) - 1)
    return Message(
        type ?? .ping,
        flags: Int32(chance.number(below: 5)) - 1,
        stream: Int32(chance.number(below: 6)) - 2,
        operation: chance.bool() ? nil : chance.text(),
        payload: chance.bytes()
    ).encoded()
}

private func check(_ stage: inout Stage) {
    for peer in stage.actors.keys.sorted() {
        _ = stage.heard(by: peer)
    }
    precondition(stage.broker.peerCount == stage.actors.count, "a peer is lost")
    precondition(
        stage.recalled().updates.names == stage.broker.negotiation.updates.names,
        "an update would be forgotten"
    )
}
