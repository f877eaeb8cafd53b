// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol

/// Many peers of a broker, an operator, and an honest pair beside them.
struct Crowd {
    static let updates = (0..<8).map { "u-\($0)" }

    var harness: BrokerHarness
    var members: [PeerID] = []
    private(set) var honest: HonestPair
    private(set) var operatorAtControl: PeerID
    /// Members that enter together.
    let size: Int
    /// Members that ever entered.
    private(set) var entered = 0
    private var generation = 0

    init(of size: Int) {
        self.size = size
        harness = BrokerHarness { settings in
            settings.otherLimits.bytes = 64 * 1_024
            settings.ownLimits.bytes = 1_024 * 1_024
            settings.negotiation.rules = [ComponentRule(pattern: CrowdName.honestName)]
        }
        harness.host.logLevel = .info
        honest = HonestPair(in: &harness)
        operatorAtControl = harness.operatorAtControl()
    }

    /// Those that make a move.
    func chosen(_ move: CrowdMove) -> [PeerID] {
        stride(from: 0, to: members.count, by: move.stride).map { members[$0] }
    }

    mutating func enter(_ move: CrowdMove) {
        generation += 1
        entered += size
        let account = CrowdAccount.allCases.choice(move.first)
        var name = CrowdName.allCases.choice(move.second)
        if name == .honest, account == .brokersUser { name = .same }
        let claims = (0..<size).map { name.claim($0, generation: generation) }
        var inputs: [[Broker.Input]] = []
        for member in 0..<size {
            let peer = harness.newPeer(isDeaf: true)
            members.append(peer)
            let request = ConnectRequest(componentName: claims[member])
            let connect = harness.frame(of: peer) { $0.connect(request) }
            inputs.append([
                .connected(peer, .components, account.credentials(member)),
                .received(connect, from: peer),
            ])
        }
        handle(inputs, move)
        removeThoseThatLeft()
    }

    /// Has everyone who makes the move say something.
    mutating func say(_ move: CrowdMove, _ words: (inout ClientConnection) -> [UInt8]) {
        // The broker reads no more of a peer that does not take its answers.
        let heard = chosen(move).filter { harness.clients[$0]?.isPaused == false }
        let inputs = heard.map { peer in
            [Broker.Input.received(harness.frame(of: peer, words), from: peer)]
        }
        handle(inputs, move)
        removeThoseThatLeft()
    }

    mutating func ask(_ move: CrowdMove, _ operation: Operation, _ payload: [UInt8]) {
        say(move) { $0.request(operation, payload).frame }
    }

    mutating func hangUp(_ move: CrowdMove) {
        handle(chosen(move).map { [.hungUp($0)] }, move)
        removeThoseThatLeft()
    }

    /// One turn for all inputs, or one for those of each member.
    private mutating func handle(_ inputs: [[Broker.Input]], _ move: CrowdMove) {
        if move.isOneTurn { return harness.turn(inputs.flatMap { $0 }) }
        for inputs in inputs { harness.turn(inputs) }
    }

    private mutating func removeThoseThatLeft() {
        members.removeAll { !harness.isConnected($0) }
    }

    /// The broker is another one now: all connections are lost, and the honest pair returns.
    mutating func reconnect() {
        members = []
        honest = HonestPair(in: &harness)
        operatorAtControl = harness.operatorAtControl()
    }
}
