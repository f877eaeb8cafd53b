// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// Subscriptions that asked what is under way and came after a gate had opened. They are sent the
/// post of that update, though they got no notice of it. They are written down only with their
/// connections: where those are lost, their components subscribe again, and ask again.
struct LateSubscribers: Sendable {
    /// By connection, so that those of a connection that ends are found at once.
    private var streams: [DeploymentID: [PeerID: [Int32]]] = [:]

    /// The updates whose end a subscription waits for, sorted.
    var updates: [DeploymentID] { streams.keys.sorted() }

    /// The updates whose end one subscription waits for, sorted.
    func updates(of stream: StreamID) -> [DeploymentID] {
        guard !streams.isEmpty else { return [] }
        return updates.filter { streams[$0]?[stream.peer]?.contains(stream.number) ?? false }
    }

    mutating func add(_ stream: StreamID, to updates: [DeploymentID]) {
        for id in updates {
            streams[id, default: [:]][stream.peer, default: []].append(stream.number)
        }
    }

    /// The subscriptions that wait for the end of an update, sorted.
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
    /// Responds to a subscription with the updates that it came too late for.
    mutating func welcome(
        _ subscription: Subscription,
        tellingWhatIsUnderway isAsked: Bool,
        at now: Instant
    ) {
        let underway = isAsked ? negotiation.underway(for: subscription, at: now) : []
        respond(subscription.stream, SubscribeResponse(fitting: underway))
        lateSubscribers.add(subscription.stream, to: underway)
    }

    /// Sends late subscribers the post of an update that has ended, unless an action sends it
    /// already.
    mutating func tellLateSubscribers(of post: Post, alreadyTold actions: [NegotiationAction]) {
        let waiting = lateSubscribers.take(post.deploymentID)
        guard !waiting.isEmpty else { return }
        var told: Set<StreamID> = []
        for case .post(let stream, post) in actions { told.insert(stream) }
        for stream in waiting {
            if !told.contains(stream) { self.post(stream, post) }
            renewRecord(of: stream.peer)
        }
    }
}

extension SubscribeResponse {
    /// As many ids as fit into a frame to a component.
    fileprivate init(fitting ids: [DeploymentID]) {
        self.init(underway: ids)
        // The rest of the frame takes less than a quarter of it.
        while encoded().count > Limits.componentFrame * 3 / 4 { underway.removeLast() }
    }
}
