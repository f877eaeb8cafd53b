// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import ScriptedBroker
import Synchronization

let released = GateEvent.released(
    ReleasedShape(
        deploymentID: "d-1",
        basis: .silence,
        waitedMs: 1_500,
        participants: ["a", "b"],
        silent: ["b"],
        overridden: []
    )
)

/// The progress of an update that these participants block.
func waiting(for participants: [ParticipantShape] = []) -> GateEvent {
    .progress(
        UpdateShape(
            deploymentID: "d-1",
            state: .waiting,
            reason: nil,
            disruption: .components,
            ageMs: 5,
            deadlineInMs: 60_000,
            blockedBy: participants.map(\.component),
            participants: participants
        )
    )
}

let announced = GateResponse(
    deploymentID: "d-1",
    participants: ["a", "b"],
    attached: false,
    unmatched: []
)

/// Counts an attempt. Whether there was one before it.
func isFurther(_ attempts: borrowing Mutex<Int>) -> Bool {
    attempts.withLock { number in
        number += 1
        return number > 1
    }
}

/// Answers a gate with `end`, or lets it wait; everything else succeeds.
func broker(_ end: GateEvent?) -> ScriptedBroker {
    ScriptedBroker { connection, event in
        switch event {
        case .connect: return connection.accept()
        case .request(let stream, .gateUpdate, _):
            let response = connection.respond(stream, announced.encoded())
            guard let end else { return response }
            return response + connection.send(stream, end.encoded(), isLast: true)
        case .request(let stream, _, _): return connection.respond(stream, Empty().encoded())
        default: return []
        }
    }
}

extension ScriptedBroker {
    func request(_ wanted: Operation) async -> [UInt8]? {
        for await event in heard {
            if case .request(_, wanted, let payload) = event { return payload }
        }
        return nil
    }
}
