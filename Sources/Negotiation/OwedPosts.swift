// SPDX-License-Identifier: Apache-2.0

/// A post that waits for its component to subscribe again.
package struct OwedPost: Hashable, Sendable {
    package var post: Post
    package var until: Instant

    package init(_ post: Post, until end: Instant) {
        self.post = post
        self.until = end
    }
}

/// The posts owed to components that were told of an update and had no subscription at its end.
struct OwedPosts: Hashable, Sendable {
    private var waiting: [ComponentName: [OwedPost]] = [:]
    /// Sent to a subscription, and perhaps not handed to its socket yet. A death of the broker
    /// makes them wait again.
    private var inDelivery: [ComponentName: [OwedPost]] = [:]

    init() {}

    init(_ posts: [ComponentName: [OwedPost]]) {
        waiting = posts.filter { !$0.value.isEmpty }
    }

    var isDelivering: Bool { !inDelivery.isEmpty }

    /// The components that are owed something, sorted.
    var components: [ComponentName] { Set(waiting.keys).union(inDelivery.keys).sorted() }

    /// All that a component is owed, oldest first.
    subscript(name: ComponentName) -> [OwedPost] {
        inDelivery[name, default: []] + waiting[name, default: []]
    }

    /// Sends the end of an update to every component that was told of the update. It is kept for
    /// those that have no subscription.
    mutating func deliver(
        _ post: Post,
        after update: Update,
        to subscriptions: SortedMap<[Subscription]>,
        _ handling: inout Handling
    ) {
        var place = -1
        var room = OwedRoom(waiting.keys)
        for name in update.names(where: { $0.isTold }) {
            if let found = subscriptions.place(of: name, hint: place + 1) {
                place = found
                for subscription in subscriptions.entries[place] {
                    handling.send(.post(subscription.stream, post))
                }
                continue
            }
            owe(post, to: name, at: handling.now, &room, &handling)
        }
    }

    /// The broker died before it knew that all posts of an update had left: every component that
    /// was told is owed its post.
    mutating func owe(
        afterDeathIn update: Update,
        _ end: Ended,
        _ handling: inout Handling
    ) {
        let post = end.ending.post(update.id)
        var room = OwedRoom(waiting.keys)
        for name in update.names(where: { $0.isTold })
        where !self[name].contains(where: { $0.post.deploymentID == update.id }) {
            owe(post, to: name, at: end.at, &room, &handling)
        }
    }

    private mutating func owe(
        _ post: Post,
        to name: ComponentName,
        at end: Instant,
        _ room: inout OwedRoom,
        _ handling: inout Handling
    ) {
        let settings = handling.settings
        if waiting[name] == nil {
            if room.isFull(for: name, settings), !room.isPurged {
                purge(&handling)
                room = OwedRoom(waiting.keys, isPurged: true)
            }
            guard !room.isFull(for: name, settings) else { return }
            room.take(for: name)
        }
        var owed = waiting[name, default: []].filter { $0.until > end }
        owed.append(OwedPost(post, until: end + settings.completionLimit))
        waiting[name] = owed.suffix(settings.maximumOwedPosts)
        handling.note(.owed(name))
    }

    /// Forgets what was owed until now.
    private mutating func purge(_ handling: inout Handling) {
        for name in waiting.keys.sorted()
        where waiting[name, default: []].allSatisfy({ $0.until <= handling.now }) {
            waiting[name] = nil
            handling.note(.owed(name))
        }
    }

    /// Sends a returning component what it is owed.
    mutating func deliver(to subscription: Subscription, _ handling: inout Handling) {
        let name = subscription.component
        guard let owed = waiting.removeValue(forKey: name) else { return }
        inDelivery[name, default: []] += owed
        for one in owed where one.until > handling.now {
            handling.send(.post(subscription.stream, one.post))
        }
    }

    /// What was in delivery has been handed to the sockets.
    mutating func sent(_ handling: inout Handling) {
        for name in inDelivery.keys.sorted() { handling.note(.owed(name)) }
        inDelivery = [:]
    }

    /// The broker died: what was in delivery may not have left.
    mutating func restarted() {
        for name in inDelivery.keys { waiting[name] = self[name] }
        inDelivery = [:]
    }

    /// The id is announced again: its old end is not delivered any more.
    mutating func forget(_ id: DeploymentID, _ handling: inout Handling) {
        for name in components {
            let count = self[name].count
            Self.remove(id, from: &waiting[name])
            Self.remove(id, from: &inDelivery[name])
            if self[name].count < count { handling.note(.owed(name)) }
        }
    }

    private static func remove(_ id: DeploymentID, from posts: inout [OwedPost]?) {
        posts?.removeAll { $0.post.deploymentID == id }
        if posts?.isEmpty ?? false { posts = nil }
    }
}
