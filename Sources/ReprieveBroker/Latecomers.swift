// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// Subscriptions that asked what is under way, and came after a gate had opened: they hear how it
/// ends, though nobody asked them. A broker that dies forgets them; they come back, and ask again.
struct Latecomers: Sendable {
    /// By their connections, so that one which hangs up is found at once.
    private var streams: [DeploymentID: [PeerID: [Int32]]] = [:]

    /// Most of the time there are none.
    var isEmpty: Bool { streams.isEmpty }

    /// What somebody waits for the end of, sorted.
    var updates: [DeploymentID] { streams.keys.sorted() }

    mutating func add(_ stream: StreamID, to updates: [DeploymentID]) {
        for id in updates {
            streams[id, default: [:]][stream.peer, default: []].append(stream.number)
        }
    }

    /// Whoever waits for the end of an update, sorted.
    mutating func take(_ id: DeploymentID) -> [StreamID] {
        let found = streams.removeValue(forKey: id) ?? [:]
        return found.flatMap { peer, numbers in numbers.map { StreamID(peer, $0) } }.sorted()
    }

    mutating func forget(_ peer: PeerID) {
        for id in updates { leave(id, peer, nil) }
    }

    mutating func forget(_ stream: StreamID) {
        for id in updates {
            let left = streams[id]?[stream.peer]?.filter { $0 != stream.number } ?? []
            leave(id, stream.peer, left.isEmpty ? nil : left)
        }
    }

    private mutating func leave(_ id: DeploymentID, _ peer: PeerID, _ left: [Int32]?) {
        streams[id]?[peer] = left
        if streams[id]?.isEmpty ?? false { streams[id] = nil }
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
            var told: Set<StreamID> = []
            for case .post(let stream, post) in actions { told.insert(stream) }
            for stream in latecomers.take(id) where !told.contains(stream) {
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
