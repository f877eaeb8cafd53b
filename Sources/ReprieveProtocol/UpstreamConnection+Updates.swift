// SPDX-License-Identifier: Apache-2.0

internal import StrictJSON

// The upstream's own updates, which it announces to the client on a subscription of ours.

extension UpstreamConnection {
    /// Subscribes to the upstream's updates as well, for a subscription that is served here. An
    /// upstream that has no such operation refuses, and nothing comes of it.
    package mutating func subscribe(of client: Int32) -> [UInt8]? {
        request(Operation.subscribeToComponentUpdates.rawValue, of: client, .notices)
    }

    /// The update that an answer is about, if the upstream has announced it to the client.
    package func update(answeredBy payload: [UInt8]) -> String? {
        guard !announced.isEmpty, let json = try? JSON(decoding: payload),
            let id = try? json.string("deploymentId"), announced.contains(id)
        else { return nil }
        return id
    }

    /// Whether an answer defers for at least as long as `postpone` does.
    package static func holds(_ answer: DeferRequest) -> Bool {
        answer.recheckAfterMs.map { .milliseconds($0) >= Limits.upstreamDeferral } ?? true
    }

    /// Passes on the answer to an update that the upstream has announced. Without a stream of the
    /// client's, nobody hears the response. Nil where there are no more streams.
    package mutating func answer(
        _ payload: [UInt8],
        of client: Int32?
    ) throws(ErrorShape) -> [UInt8]? {
        let payload = try fitting(payload)
        let number = try client.map { client throws(ErrorShape) in try open(for: client, .call) }
        return (number ?? streams.takeNumber()).map { answer(payload, on: $0) }
    }

    /// Defers an update of the upstream's, of which the client is not told, or whose answer does
    /// not count.
    package mutating func postpone(_ update: String, because reason: String) -> [UInt8]? {
        let time = Limits.upstreamDeferral.components.seconds * 1_000
        let answer = DeferRequest(deploymentID: update, recheckAfterMs: time, message: reason)
        return (try? self.answer(answer.encoded(), of: nil)) ?? nil
    }

    private func answer(_ payload: [UInt8], on number: Int32) -> [UInt8] {
        request(Operation.deferComponentUpdate.rawValue, on: number, payload)
    }

    /// An answer in a frame that the upstream takes: its message is cut where it is too long. No
    /// stream has been opened yet, since their numbers have no gaps.
    private func fitting(_ payload: [UInt8]) throws(ErrorShape) -> [UInt8] {
        var (payload, length) = (payload, answer(payload, on: 0).count)
        if length > largestFrame, let answer = try? DeferRequest(decoding: payload) {
            payload = answer.encoded()
            length = self.answer(payload, on: 0).count
        }
        guard length <= largestFrame else { throw tooLong(length) }
        return payload
    }

    /// The client is told of an update of the upstream's, and answers it.
    package mutating func note(announced update: String) {
        forget(update)
        announced.append(update)
        if announced.count > Limits.announcedUpstream { announced.removeFirst() }
    }

    mutating func forget(_ update: String) {
        announcements += 1
        announced.removeAll { $0 == update }
    }
}
