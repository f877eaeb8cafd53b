// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// Peers that share their turns, because they have one owner.
package final class PeerGroup {
    /// Ready peers that are taken from the kernel at once. So few that the kernel's data of a
    /// socket is still in the processor's caches when the socket is written to.
    private static let batchLimit = 64
    /// Bytes after which a turn ends, so that the next group does not wait long.
    private static let turnLimit = 16 * 1_024
    /// Ready peers of a turn that are served, if each has sent little.
    private static let peersInTurn = 16
    /// What a ready peer counts for at least: the kernel takes longer for many writes of a byte
    /// each than for one write of as many bytes.
    private static let leastOfPeer = turnLimit / peersInTurn

    let epoll: Descriptor
    private let poll: PeerPoll
    private let batch: UnsafeMutablePointer<epoll_event>
    package private(set) var peerCount = 0
    /// `batch[next..<end]` has not been reported yet.
    private var next = 0
    private var end = 0
    private var allowedTurns = 0

    init(_ epoll: consuming Descriptor, of poll: PeerPoll) {
        self.epoll = epoll
        self.poll = poll
        batch = .allocate(capacity: Self.batchLimit)
    }

    deinit {
        poll.forget(self)
        batch.deallocate()
    }

    /// Watches a socket until `remove`. It is known by its token.
    package func add(_ socket: borrowing StreamSocket, token: UInt64) throws(SystemError) {
        try check(control(EPOLL_CTL_ADD, socket, EPOLLIN.rawValue, token), "watch a peer")
        peerCount += 1
    }

    /// Changes what is reported of a socket: that there is something to read, that it takes bytes
    /// again. A hang-up is reported in any case.
    package func watch(
        _ socket: borrowing StreamSocket,
        token: UInt64,
        reading: Bool,
        writing: Bool
    ) throws(SystemError) {
        let events = (reading ? EPOLLIN.rawValue : 0) | (writing ? EPOLLOUT.rawValue : 0)
        try check(control(EPOLL_CTL_MOD, socket, events, token), "watch a peer")
    }

    /// Ends the watch: the token is not reported again, even if it is ready in the current batch.
    package func remove(_ socket: borrowing StreamSocket, token: UInt64) {
        guard control(EPOLL_CTL_DEL, socket, 0, token) == 0 else { return }
        peerCount -= 1
        for index in next..<end where batch[index].data.u64 == token { batch[index].events = 0 }
    }

    /// Allows as many turns as are needed to hear every peer that has sent little.
    func allowTurnsForAll() { allowedTurns = peerCount / Self.peersInTurn + 2 }

    /// Whether a turn was left.
    func takeAllowedTurn() -> Bool {
        allowedTurns -= 1
        return allowedTurns >= 0
    }

    /// Reports ready peers, until they have sent as many bytes as a turn takes.
    func hear(_ handler: (UInt64, Readiness) -> Int) {
        if next == end { takeBatch() }
        var count = 0
        while next < end, count < Self.turnLimit {
            let event = batch[next]
            next += 1
            guard event.events != 0 else { continue }
            let bytes = handler(event.data.u64, Readiness(events: event.events))
            count += max(bytes, Self.leastOfPeer)
        }
    }

    private func takeBatch() {
        let count = epoll_wait(epoll.number, batch, Int32(Self.batchLimit), 0)
        next = 0
        end = max(0, Int(count))
    }

    private func control(
        _ operation: Int32,
        _ socket: borrowing StreamSocket,
        _ events: UInt32,
        _ token: UInt64
    ) -> Int32 {
        reprieve_epoll_set(epoll.number, operation, socket.descriptor, events, token)
    }
}
