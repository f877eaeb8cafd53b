// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import ReprieveProtocol
internal import ReprieveTransport

/// How long an update is held back at once by the library itself. It is let go early.
let onItsBehalf = Duration.seconds(30)

/// What leaves for the broker.
extension Desk {
    func acknowledge(_ id: String, _ state: inout State) {
        guard let known = state.updates[id] else { return }
        if case .ready(let followUp, _) = known.stance {
            state.updates[id]?.stance = .ready(followUp, isFinal: known.notice.isFinal)
        }
        listen(id, say(id, .zero, nil, &state))
    }

    func deferUpdate(
        _ id: String,
        _ time: Duration,
        _ why: String,
        _ state: inout State
    ) {
        listen(id, say(id, time, why, &state))
    }

    /// Puts an answer on the wire; nil if there is no connection. Then the next notice asks again.
    func say(
        _ id: String,
        _ time: Duration,
        _ why: String?,
        _ state: inout State
    ) -> Replies? {
        guard let connection = state.connection, let known = state.updates[id] else { return nil }
        let (seconds, attoseconds) = time.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        let request = DeferRequest(
            deploymentID: id,
            recheckAfterMs: time > .zero ? max(1, milliseconds) : 0,
            message: why,
            round: known.notice.round
        )
        return connection.stream(.deferComponentUpdate, request)
    }

    private func listen(_ id: String, _ replies: Replies?) {
        guard let replies else { return }
        begin { [logger] in
            do { for try await _ in replies { return } } catch let error as ErrorShape {
                let text = printable(error.message)
                logger.warning("the answer to the update \(printable(id)) has no effect: \(text)")
            } catch {}
        }
    }
}
