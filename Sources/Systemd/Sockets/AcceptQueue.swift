// SPDX-License-Identifier: Apache-2.0

/// Descriptors of connections that are accepted and wait to be handed on. Those of one user leave
/// in the order in which they came, and users take turns.
struct AcceptQueue {
    private let limit: (_ user: UInt32) -> Int
    private var waiting: [UInt32: [Int32]] = [:]
    /// The users that have a connection here, in the order of their turns.
    private var turns: [UInt32] = []

    /// Of a user at most `limit` connections wait.
    init(limit: @escaping (_ user: UInt32) -> Int) { self.limit = limit }

    var isEmpty: Bool { turns.isEmpty }

    /// Returns whether there was room for one more of this user.
    mutating func add(_ descriptor: Int32, of user: UInt32) -> Bool {
        let count = waiting[user]?.count ?? 0
        guard count < limit(user) else { return false }
        if count == 0 { turns.append(user) }
        waiting[user, default: []].append(descriptor)
        return true
    }

    mutating func next() -> Int32? {
        guard let user = turns.first else { return nil }
        turns.removeFirst()
        let descriptor = waiting[user]?.removeFirst()
        if waiting[user]?.isEmpty ?? true { waiting[user] = nil } else { turns.append(user) }
        return descriptor
    }
}
