// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol

// Coordinators and operators in a history.

extension History {
    mutating func announce(anew: Bool) {
        guard let id = Self.ids.randomElement(using: &dice) else { return }
        announce(anew ? randomRequest(id) : requests[id] ?? randomRequest(id))
    }

    private mutating func announce(_ request: GateRequest) {
        let id = request.deploymentID
        let peer = harness.operatorAtControl()
        transcript.append("peer \(peer.number): announces \(request.summary)")
        guard harness.isConnected(peer) else { return }
        coordinators.append(peer)
        if harness.broker.negotiation.updates[id] == nil { requests[id] = request }
        harness.ask(peer, .gateUpdate, request)
    }

    /// Two coordinators want to make two updates of one component at the same time.
    mutating func announceRivals() {
        let name = Self.names.pick(&dice)
        for id in Self.ids.shuffled(using: &dice).prefix(2) {
            var request = randomRequest(id)
            request.exclusive = true
            request.components = [name]
            announce(request)
        }
    }

    /// All that coordinate an update that is under way are gone.
    mutating func killHolder() {
        let underway = harness.broker.negotiation.updates.entries.filter { $0.opening != nil }
        guard let update = underway.randomElement(using: &dice) else { return }
        for peer in update.coordinators.map(\.stream.peer) where coordinators.contains(peer) {
            transcript.append("peer \(peer.number): dies as the holder of \(update.id)")
            harness.hangUp(peer)
        }
    }

    private mutating func randomRequest(_ id: String) -> GateRequest {
        var policy = PolicyShape()
        policy.responseTimeoutMs = [0, 1_000, 3_000].randomElement(using: &dice)
        policy.deadlineMs = [0, 500, 6_000, 60_000, 60_000].randomElement(using: &dice)
        policy.maxDeferMs = [0, 1_000, 1_000, 5_000, 5_000].randomElement(using: &dice)
        policy.maxTotalDeferMs = [0, 2_000, 8_000, 90_000].randomElement(using: &dice)
        policy.onSilence = [.proceed, .proceed, .refuse].randomElement(using: &dice)
        policy.action = [nil, nil, nil, nil, .skip].randomElement(using: &dice) ?? nil
        if Int.random(in: 0..<4, using: &dice) == 0 {
            policy.onAbsence = [.proceed, .refuse].randomElement(using: &dice)
            policy.require = Self.names.randomElement(using: &dice).map { [$0] }
        }
        policy.onDeadline = [.proceed, .proceed, .refuse].randomElement(using: &dice)
        var request = GateRequest(deploymentID: id, policy: policy)
        // Half of them are of components, of which some are the same.
        let disruptions = [Disruption.components, .nucleus, .softReboot, .kexec, .reboot, .halt]
        request.disruption = Bool.random(using: &dice) ? .components : disruptions.pick(&dice)
        if Int.random(in: 0..<3, using: &dice) > 0 {
            let count = Int.random(in: 1...2, using: &dice)
            request.components = Array(Self.names.shuffled(using: &dice).prefix(count))
        }
        request.exclusive = Int.random(in: 0..<5, using: &dice) > 0
        request.completesLater = Int.random(in: 0..<4, using: &dice) == 0
        return request
    }

    /// An operator comes, says one thing, and stays.
    mutating func operate<Call: Shape>(
        _ operation: Operation,
        _ call: (String) -> Call
    ) {
        guard let id = knownIDs.randomElement(using: &dice) else { return }
        let peer = coordinators.randomElement(using: &dice) ?? harness.operatorAtControl()
        transcript.append("peer \(peer.number): \(operation.rawValue) \(id)")
        guard harness.isConnected(peer) else { return }
        if !coordinators.contains(peer) { coordinators.append(peer) }
        harness.ask(peer, operation, call(id))
    }
}

extension GateRequest {
    fileprivate var summary: String { String(decoding: encoded(), as: UTF8.self) }
}
