// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveProtocol

/// A component and a coordinator that do nothing wrong, beside a crowd.
struct HonestPair {
    private static let id = "honest"
    private let component: PeerID
    private let coordinator: PeerID

    init(in harness: inout BrokerHarness) {
        component = harness.component(CrowdName.honestName)
        coordinator = harness.operatorAtControl()
    }

    /// One whole update: each is answered in the turn in which it says something, and the gate
    /// opens, at its deadline if another unit has a component of the same name.
    func negotiate(in harness: inout BrokerHarness) {
        forget(&harness)
        var request = GateRequest(deploymentID: Self.id, components: [CrowdName.honestName])
        // The crowd's updates may be under way.
        request.exclusive = false
        (request.policy.responseTimeoutMs, request.policy.deadlineMs) = (1_000, 2_000)
        harness.ask(coordinator, .gateUpdate, request)
        expect(harness, coordinator, "the gate") { $0.response(as: GateResponse.self) != nil }
        guard let notice = harness.heard(by: component).compactMap(\.notice).last else {
            fatalError("an honest component is not asked")
        }
        harness.answer(component, Self.id, 0, round: notice.round)
        expect(harness, component, "an answer") { $0.response(as: DeferResponse.self) != nil }
        harness.pass(.seconds(3))
        expect(harness, coordinator, "a gate") { $0.gate?.isReleased == true }
        complete(&harness)
    }

    private func complete(_ harness: inout BrokerHarness) {
        forget(&harness)
        let call = CompleteRequest(deploymentID: Self.id, outcome: .applied)
        harness.ask(coordinator, .completeUpdate, call)
        let posts = harness.clients[component]?.heard.count { $0.post?.deploymentID == Self.id }
        promise(posts == 1, "an honest component hears its post \(posts ?? 0) times")
        forget(&harness)
    }

    private func forget(_ harness: inout BrokerHarness) {
        _ = harness.heard(by: component)
        _ = harness.heard(by: coordinator)
    }

    private func expect(
        _ harness: BrokerHarness,
        _ peer: PeerID,
        _ wanted: String,
        _ isIt: (ClientConnection.Event) -> Bool
    ) {
        let heard = harness.clients[peer]?.heard
        promise(heard != nil, "an honest peer is hung up on: \(harness.log.suffix(3))")
        promise(heard?.contains(where: isIt) == true, "\(wanted) is not answered in its turn")
    }
}

extension GateEvent {
    fileprivate var isReleased: Bool {
        if case .released = self { true } else { false }
    }
}
