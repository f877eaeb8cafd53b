// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import ReprieveProtocol

extension Crowd {
    /// The documents that an operator asks for arrive in the turn of the request, and can be read.
    mutating func readDocuments(_ move: CrowdMove) {
        _ = harness.heard(by: operatorAtControl)
        switch move.first % 3 {
        case 0:
            harness.ask(operatorAtControl, .getStatus, Empty())
            expectDocument("the status") { try? StatusShape(decoding: $0, limits: .fromBroker) }
        case 1:
            harness.ask(operatorAtControl, .getHistory, HistoryRequest())
            expectDocument("the history") { try? HistoryShape(decoding: $0, limits: .fromBroker) }
        default: harness.ask(operatorAtControl, .watchStatus, Empty())
        }
    }

    private mutating func expectDocument<Document>(
        _ name: String,
        _ read: ([UInt8]) -> Document?
    ) {
        let isRead = harness.heard(by: operatorAtControl).contains { event in
            guard case .response(_, let payload, _) = event else { return false }
            return read(payload) != nil
        }
        promise(isRead, "\(name) cannot be read")
    }

    /// What the operator was sent unasked can be read, too, and the operator was never hung up on.
    mutating func readEvents() {
        promise(harness.isConnected(operatorAtControl), "an operator is hung up on")
        for case .event(_, let payload, _) in harness.heard(by: operatorAtControl) {
            let isRead =
                (try? GateEvent(decoding: payload, limits: .fromBroker)) != nil
                || (try? StatusEvent(decoding: payload, limits: .fromBroker)) != nil
            promise(isRead, "an event of \(payload.count) bytes cannot be read")
        }
    }
}
