// SPDX-License-Identifier: Apache-2.0

import BrokerStage
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

    private var dice: SplitMix64
    private var stage: Stage
    private var witnesses: Witnesses
    private var components: [PeerID] = []
    private var coordinators: [PeerID] = []
    /// What was announced under each id, so that it can be announced again as it was.
    private var requests: [String: GateRequest] = [:]
    private(set) var transcript: [String] = []
    private(set) var objections: [String] = []

    init(seed: UInt64) {
        dice = SplitMix64(seed: seed)
        stage = Stage { settings in
            settings.maximumPeers = 8
            settings.maximumPeersOfUser = 7
            settings.negotiation.reconnectGrace = .seconds(2)
            settings.negotiation.completionLimit = .seconds(20)
            settings.negotiation.minimumDeferral = .milliseconds(500)
            settings.negotiation.maximumUpdates = 2
            settings.negotiation.maximumEnded = 2
        }
        witnesses = Witnesses(settings: stage.broker.settings.negotiation)
        stage.keepMinutes()
    }

    /// Plays the history to its end, or to the first objection.
    mutating func play() {
        let weights = SwarmWeights(&dice)
        for _ in 0..<Self.moveCount {
            make(weights.pick(&dice))
            observe()
            if !objections.isEmpty { return }
        }
        end()
    }

    /// Everybody leaves, and time passes: nothing may be left.
    private mutating func end() {
        for peer in components + coordinators { stage.hangUp(peer) }
        observe()
        stage.pass(.seconds(1_000))
        observe()
        if !stage.broker.negotiation.updates.isEmpty { objections.append("an update is left over") }
        if stage.nextDeadline != nil { objections.append("a deadline is left over") }
        if stage.broker.peerCount != 0 { objections.append("a peer is left over") }
    }

    private mutating func observe() {
        for minute in stage.takeMinutes() { objections += witnesses.enter(minute) }
        components.removeAll { !stage.isConnected($0) }
        coordinators.removeAll { !stage.isConnected($0) }
        if stage.broker.peerCount != stage.actors.count {
            objections.append("the broker counts \(stage.broker.peerCount) peers")
        }
        for peer in stage.actors.keys.sorted() { hear(peer) }
    }

    /// Every request is answered before anything else happens, unless its answer cannot be read.
    private mutating func hear(_ peer: PeerID) {
        guard let actor = stage.actors[peer] else { return }
        for event in stage.heard(by: peer) { objections += event.objections }
        if actor.room == nil, !actor.connection.isAnswered {
            objections.append("a request of peer \(peer.number) was not answered")
        }
    }
}

// MARK: - Moves

extension History {
    private mutating func make(_ move: Move) {
        switch move {
        case .componentArrives: arrive()
        case .componentSubscribesAgain:
            note(move, components) { stage, peer, dice in
                let request = SubscribeRequest(confirm: .random(using: &dice))
                stage.ask(peer, .subscribeToComponentUpdates, request)
            }
        case .componentEndsStream:
            note(move, components) { stage, peer, dice in
                let streams = stage.actors[peer]?.connection.openStreams ?? []
                if let stream = streams.randomElement(using: &dice) { stage.close(peer, stream) }
            }
        case .componentHangsUp: note(move, components) { stage, peer, _ in stage.hangUp(peer) }
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
            note(move, components) { stage, peer, _ in stage.limitReading(peer, to: 0) }
        case .readerGoesOn:
            note(move, components) { stage, peer, _ in stage.limitReading(peer, to: nil) }
        default: makeAtControl(move)
        }
    }

    private mutating func makeAtControl(_ move: Move) {
        switch move {
        case .coordinatorAnnounces: announce(anew: true)
        case .coordinatorReturns: announce(anew: false)
        case .coordinatorHangsUp:
            note(move, coordinators) { stage, peer, _ in stage.hangUp(peer) }
        case .coordinatorEndsStream:
            note(move, coordinators) { stage, peer, _ in stage.close(peer, 1) }
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
            stage.pass(duration)
        case .deadlineComes:
            guard let next = stage.nextDeadline else { return }
            transcript.append("the next deadline comes")
            stage.pass(max(.zero, next - stage.now))
        case .deviceSleeps:
            let duration = Duration.milliseconds(Int.random(in: 1...9_000, using: &dice))
            transcript.append("the device sleeps for \(duration.wholeMilliseconds) ms")
            stage.sleep(duration)
        case .brokerDies:
            transcript.append("the broker dies and is back")
            let before = stage.broker.negotiation
            var expected = before
            _ = expected.handle(.restarted, at: stage.now)
            stage.restart()
            if stage.broker.negotiation != expected { objections.append("6: it recalls otherwise") }
            stage.keepMinutes()
            objections += witnesses.restarted(before, stage.broker.negotiation, at: stage.now)
        default: break
        }
    }

    private mutating func note(
        _ move: Move,
        _ peers: [PeerID],
        _ act: (inout Stage, PeerID, inout SplitMix64) -> Void
    ) {
        guard let peer = peers.randomElement(using: &dice) else { return }
        transcript.append("peer \(peer.number): \(move)")
        act(&stage, peer, &dice)
    }
}

// MARK: - Components

extension History {
    private mutating func arrive() {
        guard let name = Self.names.randomElement(using: &dice) else { return }
        let confirm = Int.random(in: 0..<3, using: &dice) == 0
        let peer = stage.component(name, confirm: confirm)
        transcript.append("peer \(peer.number): \(name) arrives\(confirm ? ", confirm" : "")")
        if stage.isConnected(peer) { components.append(peer) }
    }

    private mutating func answer(
        _ move: Move,
        _ words: (PeerID, inout SplitMix64) -> (milliseconds: Int64, round: Int64?)
    ) {
        guard let peer = components.randomElement(using: &dice),
            let id = Self.ids.randomElement(using: &dice)
        else { return }
        let (milliseconds, round) = words(peer, &dice)
        transcript.append("peer \(peer.number): answers \(id) by \(milliseconds) ms, \(move)")
        stage.answer(peer, id, milliseconds, round: round)
    }

    private mutating func sayNonsense() {
        let payloads = ["", "{", "[]", #"{"deploymentId":"d-1","recheckAfterMs":-1}"#, "nonsense"]
        guard let peer = components.randomElement(using: &dice),
            let payload = payloads.randomElement(using: &dice)
        else { return }
        transcript.append("peer \(peer.number): says \(payload)")
        stage.ask(peer, .deferComponentUpdate, payload: Array(payload.utf8))
    }

    /// Somebody whom nobody knows sends random bytes, or nothing.
    private mutating func intrude() {
        let peer = stage.enter(by: .components, user: 99)
        let count = Int.random(in: 0...40, using: &dice)
        var bytes: [UInt8] = []
        for _ in 0..<count { bytes.append(.random(in: 0...255, using: &dice)) }
        transcript.append("peer \(peer.number): a stranger sends \(count) bytes")
        stage.sendBytes(bytes, from: peer)
    }

    private mutating func sendPieces() {
        guard let peer = components.randomElement(using: &dice) else { return }
        transcript.append("peer \(peer.number): sends a request in pieces")
        stage.askInPieces(peer, .updateState, Empty(), &dice)
    }
}

// MARK: - Coordinators and operators

extension History {
    private mutating func announce(anew: Bool) {
        guard let id = Self.ids.randomElement(using: &dice) else { return }
        let request = anew ? randomRequest(id) : requests[id] ?? randomRequest(id)
        let peer = stage.operatorAtControl()
        transcript.append("peer \(peer.number): announces \(request.summary)")
        guard stage.isConnected(peer) else { return }
        coordinators.append(peer)
        if stage.broker.negotiation.updates[id] == nil { requests[id] = request }
        stage.ask(peer, .gateUpdate, request)
    }

    private mutating func randomRequest(_ id: String) -> GateRequest {
        var policy = PolicyShape()
        policy.responseTimeoutMs = [0, 1_000, 3_000].randomElement(using: &dice)
        policy.deadlineMs = [0, 500, 6_000, 60_000, 60_000].randomElement(using: &dice)
        policy.maxDeferMs = [1_000, 5_000].randomElement(using: &dice)
        policy.maxTotalDeferMs = [0, 2_000, 8_000, 90_000].randomElement(using: &dice)
        policy.onSilence = [.proceed, .proceed, .refuse].randomElement(using: &dice)
        policy.action = [nil, nil, nil, nil, .skip].randomElement(using: &dice) ?? nil
        if Int.random(in: 0..<4, using: &dice) == 0 {
            policy.require = Self.names.randomElement(using: &dice).map { [$0] }
        }
        var request = GateRequest(deploymentID: id, policy: policy)
        if Int.random(in: 0..<3, using: &dice) == 0 {
            request.components = Self.names.randomElement(using: &dice).map { [$0] }
        }
        return request
    }

    /// An operator comes, says one thing, and stays.
    private mutating func operate<Call: Shape>(
        _ operation: Operation,
        _ call: (String) -> Call
    ) {
        guard let id = Self.ids.randomElement(using: &dice) else { return }
        let peer = coordinators.randomElement(using: &dice) ?? stage.operatorAtControl()
        transcript.append("peer \(peer.number): \(operation.rawValue) \(id)")
        guard stage.isConnected(peer) else { return }
        if !coordinators.contains(peer) { coordinators.append(peer) }
        stage.ask(peer, operation, call(id))
    }
}

extension GateRequest {
    fileprivate var summary: String { String(decoding: encoded(), as: UTF8.self) }
}
