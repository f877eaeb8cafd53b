// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import Synchronization

/// The replies to one request that wait to be read, up to `Limits.unreadReplies`.
final class Inbox: Sendable {
    enum Kind {
        /// Each event counts. An inbox that is full takes no more.
        case events
        /// Each event is the whole state. An inbox that is full drops the oldest.
        case states
    }

    fileprivate struct State {
        /// The first reply, which is never dropped.
        var response: [UInt8]?
        var hasResponse = false
        /// In the order of arrival.
        var newer: [[UInt8]] = []
        /// These came before `newer`, and stand newest first.
        var older: [[UInt8]] = []
        var size = 0
        var isClosed = false
    }

    private let kind: Kind
    private let state = Mutex(State())

    init(of kind: Kind) {
        self.kind = kind
    }

    /// Returns false if the inbox is full.
    func put(_ payload: [UInt8]) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return true }
            guard state.hasResponse else {
                (state.response, state.hasResponse) = (payload, true)
                return true
            }
            if kind == .states {
                while !state.hasRoom(for: payload) { _ = state.takeEvent() }
            }
            guard state.hasRoom(for: payload) else { return false }
            state.newer.append(payload)
            state.size += Self.size(payload)
            return true
        }
    }

    /// What arrives from now on is dropped. Of states that wait only the newest is left.
    func close() {
        state.withLock { state in
            state.isClosed = true
            guard kind == .states else { return }
            while state.newer.count + state.older.count > 1 { _ = state.takeEvent() }
        }
    }

    func take() -> [UInt8]? {
        state.withLock { $0.response.take() ?? $0.takeEvent() }
    }

    /// With what the array itself takes.
    fileprivate static func size(_ payload: [UInt8]) -> Int { payload.count + 64 }
}

extension Inbox.State {
    /// An empty inbox has room for anything.
    fileprivate func hasRoom(for payload: [UInt8]) -> Bool {
        size == 0 || size + Inbox.size(payload) <= Limits.unreadReplies
    }

    fileprivate mutating func takeEvent() -> [UInt8]? {
        if older.isEmpty {
            older = newer.reversed()
            newer = []
        }
        guard let event = older.popLast() else { return nil }
        size -= Inbox.size(event)
        return event
    }
}
