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
    package func post(_ id: DeploymentID) -> Post {
        switch self {
        case .completed(let outcome, let message):
            Post(deploymentID: id, outcome: outcome, message: message)
        case .cancelled(let withdrawal), .refused(let withdrawal):
            Post(deploymentID: id, outcome: .cancelled, message: withdrawal.reason)
        case .unknown: Post(deploymentID: id, outcome: .unknown, message: nil)
        }
    }
}

/// An update that is over.
package struct Ended: Hashable, Sendable {
    package var ending: Update.Ending
    package var at: Instant

    package init(_ ending: Update.Ending, at instant: Instant) {
        self.ending = ending
        self.at = instant
    }
}

/// A post that waits for its component to subscribe again.
package struct OwedPost: Hashable, Sendable {
    package var post: Post
    package var until: Instant

    package init(_ post: Post, until end: Instant) {
        self.post = post
        self.until = end
    }
}

/// Posts that wait for their component to subscribe again.
struct OwedPosts: Hashable, Sendable {
    private var posts: [ComponentName: [OwedPost]] = [:]

    /// Whoever is owed something, sorted.
    var components: [ComponentName] { posts.keys.sorted() }

    subscript(name: ComponentName) -> [OwedPost] {
        get { posts[name, default: []] }
        set { posts[name] = newValue.isEmpty ? nil : newValue }
    }

    /// Sends everyone who was told of the update its end, and keeps it for those who are not here.
    mutating func deliver(
        _ post: Post,
        after update: Update,
        to subscriptions: Roll<[Subscription]>,
        _ turn: inout Turn
    ) {
        var place = -1
        for name in update.names(where: { $0.isTold }) {
            if let found = subscriptions.place(of: name, hint: place + 1) {
                place = found
                for subscription in subscriptions.entries[place] {
                    turn.actions.append(.post(subscription.stream, post))
                }
                continue
            }
            owe(post, to: name, turn.settings, at: turn.now)
            turn.changes.note(.owed(name))
        }
    }

    /// The broker died before it knew that all posts had left: whoever was told is owed its post.
    mutating func owe(afterDeathIn update: Update, _ end: Ended, _ settings: Settings) {
        let post = end.ending.post(update.id)
        for name in update.names(where: { $0.isTold })
        where !self[name].contains(where: { $0.post.deploymentID == update.id }) {
            owe(post, to: name, settings, at: end.at)
        }
    }

    private mutating func owe(
        _ post: Post,
        to name: ComponentName,
        _ settings: Settings,
        at now: Instant
    ) {
        guard posts[name] != nil || posts.count < settings.maximumOwedComponents else { return }
        var owed = posts[name, default: []].filter { $0.until > now }
        owed.append(OwedPost(post, until: now + settings.completionLimit))
        posts[name] = owed.suffix(settings.maximumOwedPosts)
    }

    /// Sends a returning component what it is owed.
    mutating func deliver(to subscription: Subscription, _ turn: inout Turn) {
        guard let owed = posts.removeValue(forKey: subscription.component) else { return }
        turn.changes.note(onceSent: .owed(subscription.component))
        for one in owed where one.until > turn.now {
            turn.actions.append(.post(subscription.stream, one.post))
        }
    }

    /// The id is announced again: nobody waits for its old end.
    mutating func forget(_ id: DeploymentID, _ turn: inout Turn) {
        for name in components {
            let left = self[name].filter { $0.post.deploymentID != id }
            guard left.count < self[name].count else { continue }
            self[name] = left
            turn.changes.note(.owed(name))
        }
    }
}

/// The last so many entries, by key.
struct Memory<Key: Hashable & Sendable, Value: Hashable & Sendable>: Hashable, Sendable {
    private var values: [Key: Value] = [:]
    /// Oldest first.
    private(set) var order: [Key] = []

    subscript(key: Key) -> Value? { values[key] }

    /// Returns the entry for which there is no room any more.
    @discardableResult
    mutating func remember(_ key: Key, _ value: Value, limit: Int) -> Key? {
        forget(key)
        values[key] = value
        order.append(key)
        guard order.count > limit else { return nil }
        let oldest = order.removeFirst()
        values[oldest] = nil
        return oldest
    }

    /// Returns whether there was something to forget.
    @discardableResult
    mutating func forget(_ key: Key) -> Bool {
        guard values.removeValue(forKey: key) != nil else { return false }
        order.removeAll { $0 == key }
        return true
    }
}
