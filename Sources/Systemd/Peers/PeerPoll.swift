// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// Waits for any number of peers, as one source of the loop.
///
/// libsystemd calls `epoll_wait` after each source that it serves. So the peers have an epoll
/// descriptor of their own, from which a turn takes ready peers in batches.
package final class PeerPoll {
    /// Ready peers in a batch, which is one turn. So few that the kernel's data of a socket is
    /// still in the processor's caches when the socket is written to.
    private static let batchLimit = 64

    private let epoll: Descriptor
    private let source: EventSource
    private unowned let loop: EventLoop
    private let batch: UnsafeMutablePointer<epoll_event>
    private var handler: (UInt64, Readiness) -> Void = { _, _ in }
    private var peerCount = 0
    /// `batch[next..<end]` has not been reported yet.
    private var next = 0
    private var end = 0

    package init(on loop: EventLoop) throws(SystemError) {
        let epoll = Descriptor(owning: try check(epoll_create1(O_CLOEXEC), "make an epoll"))
        source = try Self.makeSource(on: loop, epoll: epoll.number)
        self.epoll = epoll
        self.loop = loop
        batch = .allocate(capacity: Self.batchLimit)
        source.calls(self)
    }

    deinit { batch.deallocate() }

    /// Calls `handler` with the token of each ready peer, in each turn in which it is ready.
    package func onReady(_ handler: @escaping (_ token: UInt64, Readiness) -> Void) {
        self.handler = handler
    }

    /// Watches a socket until `remove`. It is known by its token.
    package func add(_ socket: borrowing StreamSocket, token: UInt64) throws(SystemError) {
        try check(control(EPOLL_CTL_ADD, socket, EPOLLIN.rawValue, token), "watch a peer")
        peerCount += 1
    }

    /// Reports also, or no longer, that the socket takes bytes again.
    package func setWritable(
        _ socket: borrowing StreamSocket,
        token: UInt64,
        on: Bool
    ) throws(SystemError) {
        let events = EPOLLIN.rawValue | (on ? EPOLLOUT.rawValue : 0)
        try check(control(EPOLL_CTL_MOD, socket, events, token), "watch a peer")
    }

    /// Ends the watch: the token is not reported again, even if it is ready in the current batch.
    package func remove(_ socket: borrowing StreamSocket, token: UInt64) {
        guard control(EPOLL_CTL_DEL, socket, 0, token) == 0 else { return }
        peerCount -= 1
        for index in next..<end where batch[index].data.u64 == token { batch[index].events = 0 }
    }

    /// Reports every ready peer once or twice, in turns of one batch each. It returns even if some
    /// are always ready: the kernel returns ready peers in turn.
    func hearEveryone() {
        var isMore = true
        for _ in 0...peerCount / Self.batchLimit where isMore {
            loop.turn { isMore = hearBatch() }
        }
    }

    /// Reports peers that are ready. Returns whether there may be more.
    private func hearBatch() -> Bool {
        takeBatch()
        let wasFull = end == Self.batchLimit
        deliverBatch()
        return wasFull
    }

    private func takeBatch() {
        let count = epoll_wait(epoll.number, batch, Int32(Self.batchLimit), 0)
        next = 0
        end = max(0, Int(count))
    }

    private func deliverBatch() {
        while next < end {
            let event = batch[next]
            next += 1
            if event.events != 0 { handler(event.data.u64, Readiness(events: event.events)) }
        }
    }

    private func control(
        _ operation: Int32,
        _ socket: borrowing StreamSocket,
        _ events: UInt32,
        _ token: UInt64
    ) -> Int32 {
        reprieve_epoll_set(epoll.number, operation, socket.descriptor, events, token)
    }

    private static func makeSource(
        on loop: EventLoop,
        epoll: Int32
    ) throws(SystemError) -> EventSource {
        try EventSource("watch an epoll") {
            sd_event_add_io(
                loop.event,
                $0,
                epoll,
                EPOLLIN.rawValue,
                { _, _, _, userdata in
                    EventSource.owner(userdata, as: PeerPoll.self).hearEveryone()
                    return 0
                },
                nil
            )
        }
    }
}
