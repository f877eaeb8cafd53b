// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// One fixed negotiation over a hundred components, to be counted in instructions:
/// `Tests/instruction-count.sh`.
@main struct CountNegotiation {
    static let settings = Settings()

    static func main() {
        var negotiation = Negotiation(settings: settings)
        var now = Instant(sinceBoot: .zero)
        for index in 0..<100 {
            _ = negotiation.handle(.subscribed(subscription(index)), at: now)
        }
        let request = UpdateRequest(deploymentID: "d-1", reason: "nucleus 2.13.0")
        let coordinator = StreamID(PeerID(1_000), 1)
        _ = negotiation.handle(.announced(request, coordinator: coordinator, process: 0), at: now)
        for index in 0..<100 {
            now = now + .milliseconds(1)
            let isBusy = index.isMultiple(of: 4)
            let answer = answer(index, isBusy ? .seconds(30) : .zero)
            _ = negotiation.handle(.answered(answer), at: now)
            precondition(negotiation.nextDeadline != nil, "somebody still blocks")
        }
        while let next = negotiation.nextDeadline, next < Instant(sinceBoot: .seconds(60)) {
            now = next
            _ = negotiation.handle(.timePassed, at: now)
        }
        for index in stride(from: 0, to: 100, by: 4) {
            _ = negotiation.handle(.answered(answer(index, .zero)), at: now)
            _ = negotiation.nextDeadline
        }
        precondition(negotiation.updates["d-1"]?.isWaiting == false, "all have acknowledged")
        let completed = Event.completed("d-1", .applied, message: nil, request: coordinator)
        let actions = negotiation.handle(completed, at: now).actions
        precondition(actions.count == 102, "each gets its post")
    }

    static func subscription(_ index: Int) -> Subscription {
        Subscription(
            stream: StreamID(PeerID(UInt64(index)), 1),
            component: "com.example.Component\(index)"
        )
    }

    static func answer(_ index: Int, _ deferral: Duration) -> Answer {
        Answer(
            request: StreamID(PeerID(UInt64(index)), 2),
            component: "com.example.Component\(index)",
            deploymentID: "d-1",
            deferral: deferral
        )
    }
}
