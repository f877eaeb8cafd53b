// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import ReprieveProtocol
internal import ReprieveTransport
internal import StrictJSON
internal import Synchronization

/// The connection: made, lost, and made again.
extension Participation {
    /// Says what is wrong once, and not again until that changes.
    func stayConnected() async {
        guard isClaim(component) else {
            let text = "\(quoted(component)) cannot be a component's name: use 1 to 128 letters,"
            logger.error("\(text) digits and ._-@:+; this program takes no part in updates")
            handle(.hungUp)
            return
        }
        var backoff = Backoff()
        var latestTrouble: String?
        while !Task.isCancelled {
            let trouble = await serve {
                let hadTrouble = latestTrouble != nil
                let again = hadTrouble ? " again" : ""
                let text = "\(component) takes part in updates\(again), by \(path)"
                logger.log(level: hadTrouble ? .notice : .debug, "\(text)")
                (backoff, latestTrouble) = (Backoff(), nil)
            }
            handle(.hungUp)
            guard !Task.isCancelled else { return }
            if trouble != latestTrouble { logger.warning("\(component): \(trouble); trying again") }
            latestTrouble = trouble
            try? await surroundings.sleep(until: surroundings.now + backoff.next())
        }
    }

    /// Returns why it ended.
    private func serve(onSubscribed: () -> Void) async -> String {
        let token = environment("SVCUID") ?? component
        let who = ConnectRequest(authToken: token, componentName: component)
        do {
            try await withConnection(to: path, as: who, in: surroundings) { connection in
                attach(connection)
                defer { detach() }
                let request = SubscribeRequest(confirm: true, underway: true)
                var isFirst = true
                for try await payload in connection.stream(.subscribeToComponentUpdates, request) {
                    if isFirst {
                        let response = try SubscribeResponse(decoding: payload)
                        handle(.subscribed(underway: response.underway))
                        onSubscribed()
                    } else {
                        try receive(payload)
                    }
                    isFirst = false
                }
            }
            return "the broker at \(path) ended the subscription: see reprieved's journal"
        } catch let error as ConnectionError {
            return error.message
        } catch let error as ErrorShape {
            let reason = printable(error.message)
            return "the broker at \(path) refuses the subscription: \(reason); change its"
                + " configuration, or this component's name"
        } catch let error as JSONError {
            return "the broker at \(path) sent an event that makes no sense: \(error.message); see"
                + " that both are of the same version"
        } catch {
            return "interrupted"
        }
    }

    private func attach(_ connection: Connection) {
        state.withLock { state in
            state.connection = connection
            handle(.connected, &state)
        }
    }

    private func detach() {
        state.withLock { state in
            state.connection = nil
            handle(.hungUp, &state)
        }
    }

    private func receive(_ payload: [UInt8]) throws(JSONError) {
        switch try ComponentEvent(decoding: payload) {
        case .preUpdate(let event): handle(.noticed(event))
        case .postUpdate(let event): handle(.ended(event))
        case .unknown: logger.debug("the broker sent an event that is not known here")
        }
    }
}
