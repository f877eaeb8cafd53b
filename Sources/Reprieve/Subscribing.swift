// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import ReprieveProtocol
internal import ReprieveTransport
internal import StrictJSON
internal import Synchronization

/// The connection: made, lost, and made again.
extension Desk {
    func stayConnected() async {
        var backoff = Backoff()
        var latestTrouble = ""
        while !Task.isCancelled {
            let trouble = await serve {
                backoff = Backoff()
                latestTrouble = ""
            }
            guard !Task.isCancelled else { return }
            if trouble != latestTrouble { logger.warning("\(trouble); trying again") }
            latestTrouble = trouble
            try? await Task.sleep(for: backoff.next())
        }
    }

    /// Returns why it ended.
    private func serve(onSubscribed: () -> Void) async -> String {
        let token = environment("SVCUID") ?? component
        let who = ConnectRequest(authToken: token, componentName: component)
        do {
            try await withConnection(to: path, as: who) { connection in
                attach(connection)
                defer { detach() }
                let request = SubscribeRequest(confirm: true)
                var isFirst = true
                for try await payload in connection.stream(.subscribeToComponentUpdates, request) {
                    if isFirst { onSubscribed() } else { try receive(payload) }
                    isFirst = false
                }
            }
            return "the broker ended the subscription"
        } catch let error as ConnectionError {
            return error.message
        } catch let error as ErrorShape {
            return "the broker refuses the subscription: \(printable(error.message))"
        } catch let error as JSONError {
            return "the broker sent an event that makes no sense: \(error.message)"
        } catch {
            return "interrupted"
        }
    }

    private func attach(_ connection: Connection) {
        state.withLock { $0.connection = connection }
    }

    private func detach() {
        state.withLock { state in
            state.connection = nil
            for id in state.updates.keys { state.updates[id]?.isCurrent = false }
        }
    }

    private func receive(_ payload: [UInt8]) throws(JSONError) {
        switch try ComponentEvent(decoding: payload) {
        case .preUpdate(let event): receive(event)
        case .postUpdate(let event): end(event.deploymentID, Outcome(event.outcome))
        case .unknown: logger.debug("the broker sent an event that is not known here")
        }
    }
}
