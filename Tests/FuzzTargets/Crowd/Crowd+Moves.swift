// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol

extension Crowd {
    mutating func perform(_ move: CrowdMove) {
        switch move.kind {
        case .enter: enter(move)
        case .subscribe: subscribe(move)
        case .answer: answer(move)
        case .sendPayload: sendPayload(move)
        case .sendPartOfFrame:
            let frame = Message(.ping, payload: Array(repeating: 0, count: 60_000)).encoded()
            say(few(move)) { _ in Array(frame.prefix([1, 15, 8_000, 59_000].choice(move.first))) }
        case .ping:
            let frame = Message(.ping, payload: Array(repeating: 0, count: 16_000)).encoded()
            say(few(move)) { _ in frame }
        case .stopReading: for peer in chosen(move) { harness.limitReading(peer, to: 0) }
        case .read: for peer in chosen(move) { harness.limitReading(peer, to: nil) }
        case .closeStream:
            say(move) { connection in
                connection.openStreams.last.flatMap { connection.close($0) } ?? []
            }
        case .hangUp: hangUp(move)
        case .announce: announce(move)
        case .endUpdate: endUpdate(move)
        case .readDocuments: readDocuments(move)
        case .passTime:
            harness.pass(
                [.milliseconds(1), .seconds(1), .seconds(70), .seconds(90_000)]
                    .choice(move.first)
            )
        case .restart:
            harness.restart()
            reconnect()
        case .reboot:
            harness.reboot(isOrderly: move.first & 1 == 0)
            reconnect()
        case .changeSettings: changeSettings(move)
        case .negotiate: honest.negotiate(in: &harness)
        }
        members.removeAll { !harness.isConnected($0) }
    }

    /// Large frames come from few, so that a move stays short.
    func few(_ move: CrowdMove) -> CrowdMove {
        CrowdMove(move.kind, move.first, move.second, stride: 16, isOneTurn: move.isOneTurn)
    }

    private mutating func subscribe(_ move: CrowdMove) {
        let request = SubscribeRequest(confirm: move.first & 1 == 1, underway: move.first & 2 == 2)
        for _ in 0..<[1, 2, 4].choice(move.second) {
            ask(move, .subscribeToComponentUpdates, request.encoded())
        }
    }

    private mutating func answer(_ move: CrowdMove) {
        let request = DeferRequest(
            deploymentID: Self.updates.choice(move.first),
            recheckAfterMs: [0, 1, 60_000, .max].choice(move.first / 8),
            message: crowdMessages.choice(move.second),
            round: [nil, 1, 2].choice(move.second / 4)
        )
        ask(move, .deferComponentUpdate, request.encoded())
    }

    private mutating func sendPayload(_ move: CrowdMove) {
        let payload = CrowdJSON.allCases.choice(move.first)
            .answer(to: Self.updates[0], size: [200, 4_000, 60_000].choice(move.second))
        ask(few(move), Operation.allCases.choice(move.second / 3), payload)
    }

    private mutating func announce(_ move: CrowdMove) {
        var request = GateRequest(deploymentID: Self.updates.choice(move.first))
        if move.first & 8 == 8 { request.disruption = .nucleus }
        switch move.second % 4 {
        case 0: break
        case 1: request.components = namesOfMembers
        case 2: (request.components, request.refusesUnknown) = (namesOfMembers, true)
        default: request.policy.require = namesOfMembers
        }
        if move.second & 4 == 4 { request.policy.onSilence = .refuse }
        if move.second & 8 == 8 { request.policy.deadlineMs = 100_000 }
        harness.ask(operatorAtControl, .gateUpdate, request)
    }

    private var namesOfMembers: [String] {
        (0..<min(size, Limits.names)).map { CrowdName.numbered.claim($0, generation: 1) }
    }

    private mutating func endUpdate(_ move: CrowdMove) {
        let id = Self.updates.choice(move.first)
        let reasoned = ReasonedRequest(deploymentID: id, reason: "a test")
        switch move.second % 3 {
        case 0: harness.ask(operatorAtControl, .forceUpdate, reasoned)
        case 1: harness.ask(operatorAtControl, .cancelUpdate, reasoned)
        default:
            let call = CompleteRequest(deploymentID: id, outcome: .failed, message: "a test")
            harness.ask(operatorAtControl, .completeUpdate, call)
        }
    }

    private mutating func changeSettings(_ move: CrowdMove) {
        harness.adopt { settings in
            settings.blocksShutdown = move.first & 1 == 1
            settings.negotiation.allowsUnknown = move.first & 2 == 0
        }
    }
}
