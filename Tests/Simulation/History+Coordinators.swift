// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol

// Coordinators and operators in a history.

extension History {
    mutating func announce(anew: Bool) {
        guard let id = Self.ids.randomElement(using: &dice) else { return }
        let request = anew ? randomRequest(id) : requests[id] ?? randomRequest(id)
        let peer = harness.operatorAtControl()
        transcript.append("peer \(peer.number): announces \(request.summary)")
        guard harness.isConnected(peer) else { return }
        coordinators.append(peer)
        if harness.broker.negotiation.updates[id] == nil { requests[id] = request }
        harness.ask(peer, .gateUpdate, request)
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
        var request = GateRequest(deploymentID: id, policy: policy)
        request.disruption = Disruption.allCases.randomElement(using: &dice) ?? .components
        if Int.random(in: 0..<3, using: &dice) == 0 {
            request.components = Self.names.randomElement(using: &dice).map { [$0] }
        }
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
