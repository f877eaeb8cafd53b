// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// Subscriptions that asked what is under way, and came after a gate had opened: they hear how it
/// ends, though nobody asked them. A broker that dies forgets them; they come back, and ask again.
struct Latecomers: Sendable {
    private var streams: [DeploymentID: [StreamID]] = [:]

    /// Most of the time there are none.
    var isEmpty: Bool { streams.isEmpty }

    /// What somebody waits for the end of, sorted.
    var updates: [DeploymentID] { streams.keys.sorted() }

    mutating func add(_ stream: StreamID, to updates: [DeploymentID]) {
        for id in updates { streams[id, default: []].append(stream) }
    }

    mutating func take(_ id: DeploymentID) -> [StreamID] {
        streams.removeValue(forKey: id) ?? []
    }

    mutating func forget(where hasEnded: (StreamID) -> Bool) {
        for id in updates {
            let left = streams[id, default: []].filter { !hasEnded($0) }
            streams[id] = left.isEmpty ? nil : left
        }
    }
}

extension Broker {
    /// Answers a subscription, and says what it came too late for.
    mutating func welcome(_ subscription: Subscription, tellingWhatIsUnderway isAsked: Bool) {
        let underway = isAsked ? negotiation.underway(for: subscription) : []
        respond(subscription.stream, SubscribeResponse(fitting: underway))
        latecomers.add(subscription.stream, to: underway)
    }

    /// Tells who came too late of what has ended now, unless it is told as one of those asked.
    mutating func tellLatecomers(after actions: [NegotiationAction]) {
        guard !latecomers.isEmpty else { return }
        for id in latecomers.updates {
            guard let post = negotiation.post(of: id) else { continue }
            for stream in latecomers.take(id) where !actions.contains(.post(stream, post)) {
                self.post(stream, post)
            }
        }
    }
}

extension SubscribeResponse {
    /// As many as there is room for in a frame to a component.
    fileprivate init(fitting ids: [DeploymentID]) {
        self.init(underway: ids)
        // The rest of the frame takes less than a quarter of it.
        while encoded().count > Limits.componentFrame * 3 / 4 { underway.removeLast() }
    }
}
