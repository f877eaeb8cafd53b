// SPDX-License-Identifier: Apache-2.0

// What is left of an update that is over: its post, and a memory of how it ended.

extension Update.Ending {
    var word: String {
        switch self {
        case .completed: "completed"
        case .cancelled: "cancelled"
        case .refused: "refused"
        case .unknown: "unknown"
        }
    }

    /// What the components hear of it.
    func post(_ id: DeploymentID) -> Post {
        switch self {
        case .completed(let outcome, let message):
            Post(deploymentID: id, outcome: outcome, message: message)
        case .cancelled(let withdrawal), .refused(let withdrawal):
            Post(deploymentID: id, outcome: .cancelled, message: withdrawal.reason)
        case .unknown: Post(deploymentID: id, outcome: .unknown, message: nil)
        }
    }
}

/// Posts that wait for their component to subscribe again.
struct OwedPosts: Hashable, Sendable {
    private struct Owed: Hashable, Sendable {
        var post: Post
        var until: Instant
    }

    private var posts: [ComponentName: [Owed]] = [:]

    /// Sends everyone who was told of the update its end, and keeps it for those who are not here.
    mutating func deliver(
        _ post: Post,
        after update: Update,
        to subscriptions: [ComponentName: [Subscription]],
        _ turn: inout Turn
    ) {
        for name in update.names(where: { $0.isTold }) {
            let streams = subscriptions[name, default: []].map(\.stream)
            for stream in streams { turn.actions.append(.post(stream, post)) }
            if streams.isEmpty { owe(post, to: name, turn) }
        }
    }

    private mutating func owe(_ post: Post, to name: ComponentName, _ turn: Turn) {
        let settings = turn.settings
        guard posts[name] != nil || posts.count < settings.maximumOwedComponents else { return }
        var owed = posts[name, default: []].filter { $0.until > turn.now }
        owed.append(Owed(post: post, until: turn.now + settings.completionLimit))
        posts[name] = owed.suffix(settings.maximumOwedPosts)
    }

    /// Sends a returning component what it is owed.
    mutating func deliver(to subscription: Subscription, _ turn: inout Turn) {
        let owed = posts.removeValue(forKey: subscription.component) ?? []
        for one in owed where one.until > turn.now {
            turn.actions.append(.post(subscription.stream, one.post))
        }
    }

    /// The id is announced again: nobody waits for its old end.
    mutating func forget(_ id: DeploymentID) {
        for name in Array(posts.keys) {
            posts[name]?.removeAll { $0.post.deploymentID == id }
            if posts[name]?.isEmpty == true { posts[name] = nil }
        }
    }
}

/// The last so many entries, by key.
struct Memory<Key: Hashable & Sendable, Value: Hashable & Sendable>: Hashable, Sendable {
    private var values: [Key: Value] = [:]
    private var order: [Key] = []

    subscript(key: Key) -> Value? { values[key] }

    mutating func remember(_ key: Key, _ value: Value, limit: Int) {
        forget(key)
        values[key] = value
        order.append(key)
        if order.count > limit { values[order.removeFirst()] = nil }
    }

    mutating func forget(_ key: Key) {
        if values.removeValue(forKey: key) != nil { order.removeAll { $0 == key } }
    }
}
