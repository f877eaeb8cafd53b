// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import Outsider
import ReprieveBroker
import ReprieveProtocol
import TestSupport

/// One history: a broker, its clients and what they do, all of it decided by a seed. The limits
/// are small, so that short histories reach them.
struct History {
    static let names = ["com.example.Camera", "com.example.Robot", "com.example.Till"]
    static let ids = ["d-1", "d-2", "d-3"]
    private static let moveCount = 60

    /// What somebody may speak of.
    var knownIDs: [String] { Self.ids + [checker.shutdown].compactMap { $0 } }

    var dice: SplitMix64
    var harness: BrokerHarness
    var checker: HistoryChecker
    var components: [PeerID] = []
    /// Those that the upstream has neither accepted nor denied.
    var waiting: [PeerID] = []
    var coordinators: [PeerID] = []
    /// What was announced under each id, so that it can be announced again as it was.
    var requests: [String: GateRequest] = [:]
    var transcript: [String] = []
    var objections: [String] = []

    init(seed: UInt64) {
        dice = SplitMix64(seed: seed)
        let blocksShutdown = Bool.random(using: &dice)
        harness = BrokerHarness { settings in
            settings.blocksShutdown = blocksShutdown
            settings.limits.componentConnections = 8
            settings.upstream = UpstreamSettings(socket: "/run/nucleus", largestFrame: 10_012)
            settings.negotiation.reconnectGrace = .seconds(2)
            settings.negotiation.completionLimit = .seconds(20)
            settings.negotiation.minimumDeferral = .milliseconds(500)
            settings.negotiation.maximumUpdates = 2
            // As many as can end at once: a shutdown's is one more.
            settings.negotiation.maximumEnded = 3
        }
        checker = HistoryChecker(settings: harness.broker.settings.negotiation)
        harness.host.upstream = SimulatedUpstream()
        harness.keepTrace()
    }

    /// Plays the history to its end, or to the first objection.
    mutating func play() {
        let weights = SwarmWeights(&dice)
        for _ in 0..<Self.moveCount {
            make(weights.pick(&dice))
            harness.answerFromUpstream()
            if harness.host.isDead { buryBroker() }
            observe()
            if !objections.isEmpty { return }
        }
        end()
    }

    /// Everybody leaves, and time passes: nothing may be left.
    private mutating func end() {
        repairHost()
        for peer in components + coordinators { harness.hangUp(peer) }
        observe()
        harness.pass(.seconds(1_000))
        observe()
        callOffShutdown()
        observe()
        if harness.inhibition != Inhibition() { objections.append("an inhibitor is left over") }
        let updates = harness.broker.negotiation.updates
        if !updates.isEmpty { objections.append("an update is left over") }
        if harness.nextDeadline != nil { objections.append("a deadline is left over") }
        if harness.broker.peerCount != 0 { objections.append("a peer is left over") }
    }

    mutating func observe() {
        for entry in harness.takeTrace() { objections += checker.enter(entry) }
        admit()
        components.removeAll { !harness.isConnected($0) }
        coordinators.removeAll { !harness.isConnected($0) }
        if harness.broker.peerCount != harness.clients.count {
            objections.append("the broker counts \(harness.broker.peerCount) peers")
        }
        for peer in harness.clients.keys.sorted() { hear(peer) }
        objections += checker.objections(to: harness.inhibition, harness.broker, at: harness.now)
        if harness.host.closes.contains(where: { $0.value > 1 }) {
            objections.append("a connection was closed twice")
        }
    }

    /// Every request is answered before anything else happens, unless its answer cannot be read.
    mutating func hear(_ peer: PeerID) {
        guard let actor = harness.clients[peer] else { return }
        for event in harness.heard(by: peer) {
            objections += checker.hear(event, by: peer)
        }
        if actor.room == nil { objections += checker.objectToSilence(towards: peer) }
        if actor.room == nil, !actor.connection.isAnswered {
            objections.append("a request of peer \(peer.number) was not answered")
        }
    }
}

// MARK: - Moves

extension History {
    private mutating func make(_ move: Move) {
        switch move {
        case .componentArrives: arrive { $0.connect($1, at: .components) }
        case .componentSubscribesAgain:
            guard let peer = components.randomElement(using: &dice) else { return }
            subscribe(peer, confirm: .random(using: &dice))
        case .componentEndsStream:
            note(move, components) { harness, peer, dice in
                let streams = harness.clients[peer]?.connection.openStreams ?? []
                if let stream = streams.randomElement(using: &dice) { harness.close(peer, stream) }
            }
        case .componentHangsUp: note(move, components) { harness, peer, _ in harness.hangUp(peer) }
        case .componentAcknowledges: answer(move) { _, _ in (0, nil) }
        case .componentSaysFinalWord:
            answer(move) { _, dice in (0, Int64.random(in: 1...8, using: &dice)) }
        case .componentDefers:
            answer(move) { _, dice in
                ([1, 600, 1_000, 2_500, 7_000, .max].randomElement(using: &dice) ?? 1, nil)
            }
        case .componentAnswersNonsense: sayNonsense()
        case .strangerSaysNonsense: intrude()
        case .frameComesInPieces: sendPieces()
        case .readerStops:
            note(move, components) { harness, peer, _ in harness.limitReading(peer, to: 0) }
        case .readerTakesLittle:
            note(move, components) { harness, peer, dice in
                harness.limitReading(peer, to: Int.random(in: 1...300, using: &dice))
            }
        case .readerGoesOn:
            note(move, components) { harness, peer, _ in harness.limitReading(peer, to: nil) }
        default: makeUpstream(move)
        }
    }

    mutating func makeAtControl(_ move: Move) {
        switch move {
        case .coordinatorAnnounces: announce(anew: true)
        case .coordinatorReturns: announce(anew: false)
        case .coordinatorHangsUp:
            note(move, coordinators) { harness, peer, _ in harness.hangUp(peer) }
        case .coordinatorEndsStream:
            note(move, coordinators) { harness, peer, _ in harness.close(peer, 1) }
        case .operatorCancels:
            operate(.cancelUpdate) { ReasonedRequest(deploymentID: $0, reason: "enough") }
        case .operatorForces:
            operate(.forceUpdate) { ReasonedRequest(deploymentID: $0, reason: "now") }
        case .operatorCompletes:
            operate(.completeUpdate) { CompleteRequest(deploymentID: $0, outcome: .applied) }
        case .operatorWatches: operate(.watchStatus) { _ in Empty() }
        default: makeTime(move)
        }
    }

    private mutating func makeTime(_ move: Move) {
        switch move {
        case .timePasses:
            let duration = Duration.milliseconds(Int.random(in: 1...3_000, using: &dice))
            transcript.append("\(duration.wholeMilliseconds) ms pass")
            harness.pass(duration)
        case .deadlineComes:
            guard let next = harness.nextDeadline else { return }
            transcript.append("the next deadline comes")
            harness.pass(max(.zero, next - harness.now))
        case .deviceSuspends: suspend()
        case .brokerDies: restartBroker()
        case .brokerDiesSoon, .diskFails, .diskWorks, .fileIsReplaced: breakHost(move)
        case .shutdownBegins: beginShutdown()
        case .shutdownIsCalledOff: callOffShutdown()
        case .deviceReboots: reboot()
        default: break
        }
    }

    mutating func note(
        _ move: Move,
        _ peers: [PeerID],
        _ act: (inout BrokerHarness, PeerID, inout SplitMix64) -> Void
    ) {
        guard let peer = peers.randomElement(using: &dice) else { return }
        transcript.append("peer \(peer.number): \(move)")
        act(&harness, peer, &dice)
    }
}

// MARK: - Components

extension History {
    mutating func arrive(_ connect: (inout BrokerHarness, String) -> PeerID) {
        guard let name = Self.names.randomElement(using: &dice) else { return }
        let confirm = Int.random(in: 0..<3, using: &dice) == 0
        let peer = connect(&harness, name)
        transcript.append("peer \(peer.number): \(name) arrives")
        waiting.append(peer)
        harness.answerFromUpstream()
        admit()
        if components.last == peer { subscribe(peer, confirm: confirm) }
    }

    private mutating func subscribe(_ peer: PeerID, confirm: Bool) {
        let underway = Bool.random(using: &dice)
        let what = (confirm ? ", confirm" : "") + (underway ? ", underway" : "")
        transcript.append("peer \(peer.number): subscribes\(what)")
        let request = SubscribeRequest(confirm: confirm, underway: underway)
        let stream = harness.ask(peer, .subscribeToComponentUpdates, request)
        if underway { checker.ask(StreamID(peer, stream)) }
    }

    private mutating func answer(
        _ move: Move,
        _ words: (PeerID, inout SplitMix64) -> (milliseconds: Int64, round: Int64?)
    ) {
        guard let peer = components.randomElement(using: &dice),
            let id = knownIDs.randomElement(using: &dice)
        else { return }
        let (milliseconds, round) = words(peer, &dice)
        transcript.append("peer \(peer.number): answers \(id) by \(milliseconds) ms, \(move)")
        harness.answer(peer, id, milliseconds, round: round)
    }

    private mutating func sayNonsense() {
        let payloads = ["", "{", "[]", #"{"deploymentId":"d-1","recheckAfterMs":-1}"#, "nonsense"]
        guard let peer = components.randomElement(using: &dice),
            let payload = payloads.randomElement(using: &dice)
        else { return }
        transcript.append("peer \(peer.number): says \(payload)")
        harness.ask(peer, .deferComponentUpdate, payload: Array(payload.utf8))
    }

    /// Somebody whom nobody knows sends random bytes, or nothing.
    private mutating func intrude() {
        let peer = harness.enter(at: .components, user: 99)
        let count = Int.random(in: 0...40, using: &dice)
        var bytes: [UInt8] = []
        for _ in 0..<count { bytes.append(.random(in: 0...255, using: &dice)) }
        transcript.append("peer \(peer.number): a stranger sends \(count) bytes")
        harness.sendBytes(bytes, from: peer)
    }

    private mutating func sendPieces() {
        guard let peer = components.randomElement(using: &dice) else { return }
        transcript.append("peer \(peer.number): sends a request in pieces")
        harness.askInPieces(peer, .updateState, Empty(), &dice)
    }
}
