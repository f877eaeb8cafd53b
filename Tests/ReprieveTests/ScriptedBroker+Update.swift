// SPDX-License-Identifier: Apache-2.0

import Reprieve
import ReprieveProtocol
import ScriptedBroker

/// A broker for one update.
///
/// - Parameters:
///   - first: the payloads that it sends after the response to a subscription
///   - underway: the updates that the response names
///   - refuses: the answers that it refuses
///   - hangsUp: it hangs up at the first answer
func broker(
    first: [[UInt8]],
    underway: [String] = [],
    refuses: @escaping @Sendable (DeferRequest) -> Bool = { _ in false },
    hangsUp: Bool = false
) -> ScriptedBroker {
    ScriptedBroker { connection, event in
        switch event {
        case .connect: return connection.accept()
        case .request(let stream, .subscribeToComponentUpdates, _):
            let response = SubscribeResponse(underway: underway)
            return first.reduce(connection.respond(stream, response.encoded())) {
                $0 + connection.send(stream, $1)
            }
        case .request(let stream, .deferComponentUpdate, let payload):
            guard !hangsUp, let request = try? DeferRequest(decoding: payload) else { return nil }
            if refuses(request) {
                return connection.fail(stream, ErrorShape(.serviceError, "too late"))
            }
            let granted = DeferResponse(grantedMs: request.recheckAfterMs, remainingMs: 1)
            return connection.respond(stream, granted.encoded())
        default: return []
        }
    }
}

/// The payload of a notice.
func notice(_ round: Int64, final: Bool = false) -> [UInt8] {
    var event = PreUpdateEvent(deploymentID: "d-1", disruption: .components)
    event.round = round
    event.final = final
    event.respondByMs = 60_000
    return ComponentEvent.preUpdate(event).encoded()
}

extension ScriptedBroker {
    /// The next answers that arrive.
    func answers(_ count: Int) async -> [DeferRequest] {
        var answers: [DeferRequest] = []
        for await event in heard {
            guard case .request(_, .deferComponentUpdate, let payload) = event,
                let request = try? DeferRequest(decoding: payload)
            else { continue }
            answers.append(request)
            if answers.count == count { break }
        }
        return answers
    }
}

/// Runs `body` while the component takes part.
func participating(
    in broker: ScriptedBroker,
    answer: (@Sendable (Notice) async -> Answer)? = nil,
    _ body: (Updates) async throws -> Void
) async throws {
    let updates = Updates(component: camera, socket: broker.path)
    let tasks = [
        Task { if let answer { try await updates.answer(answer) } },
        Task { await updates.run() },
    ]
    defer {
        for task in tasks { task.cancel() }
        broker.stop()
    }
    try await body(updates)
}
