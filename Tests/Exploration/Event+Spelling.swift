// SPDX-License-Identifier: Apache-2.0

import Negotiation

// Events spelled as Swift, to be pasted into a test.

extension Event {
    var spelled: String {
        switch self {
        case .subscribed(let one):
            ".subscribed(Subscription(stream: \(one.stream.spelled), component: "
                + "\"\(one.component)\", confirm: \(one.confirm), process: \(one.process)))"
        case .unsubscribed(let stream, let name):
            ".unsubscribed(\(stream.spelled), component: \"\(name)\")"
        case .hungUp(let peer, let name):
            ".hungUp(PeerID(\(peer.number)), component: \"\(name)\")"
        case .lost(let peer, let name):
            ".lost(PeerID(\(peer.number)), component: \"\(name)\")"
        case .answered(let answer):
            ".answered(Answer(request: \(answer.request.spelled), component: "
                + "\"\(answer.component)\", process: \(answer.process), "
                + "deploymentID: \"\(answer.deploymentID)\", deferral: "
                + "\(answer.deferral.spelled), round: \(answer.round.map(String.init) ?? "nil")))"
        case .announced(let request, let coordinator, let process):
            ".announced(\(request.spelled), coordinator: \(coordinator.spelled), "
                + "process: \(process))"
        case .coordinatorLeft(let stream): ".coordinatorLeft(\(stream.spelled))"
        case .completed(let id, let outcome, _, let request):
            ".completed(\"\(id)\", .\(outcome), message: nil, request: \(request.spelled))"
        case .cancelled(let id, _, _, let request):
            ".cancelled(\"\(id)\", reason: \"\", by: \"\", request: \(request.spelled))"
        case .forced(let id, _, _, let request):
            ".forced(\"\(id)\", reason: \"\", by: \"\", request: \(request.spelled))"
        case .timePassed: ".timePassed"
        case .slept(let asleep): ".slept(\(asleep.spelled))"
        case .sent: ".sent"
        case .restarted: ".restarted"
        }
    }
}

extension StreamID {
    fileprivate var spelled: String { "StreamID(PeerID(\(peer.number)), \(number))" }
}

extension Duration {
    fileprivate var spelled: String { ".seconds(\(components.seconds))" }
}

extension UpdateRequest {
    fileprivate var spelled: String {
        "UpdateRequest(deploymentID: \"\(deploymentID)\", components: \(spelledComponents), "
            + "policy: \(policy.spelled), asSent: \(asSent))"
    }

    private var spelledComponents: String { components.map { "\($0)" } ?? "nil" }
}

extension Policy {
    fileprivate var spelled: String {
        "Policy(notification: .\(notification), responseTimeout: \(responseTimeout.spelled), "
            + "deadline: \(deadline.spelled), maxDefer: \(maxDefer.spelled), "
            + "maxTotalDefer: \(maxTotalDefer.spelled), onSilence: .\(onSilence), "
            + "require: \(require), onAbsence: .\(onAbsence))"
    }
}
