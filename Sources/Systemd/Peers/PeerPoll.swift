// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// Waits for any number of peers, as one source of the loop.
///
/// libsystemd waits anew after each source that it serves. So the peers hang on an epoll
/// descriptor of their own, and a turn takes what is ready from there in batches.
package final class PeerPoll {
    /// Ready peers taken from the kernel at a time, which are one turn. They are so few that what
    /// the kernel knows of a socket is still in the processor's caches when it is written to.
    private static let batchLimit = 64

    private let epoll: Descriptor
    private let source: EventSource
    private unowned let loop: EventLoop
    private let batch: UnsafeMutablePointer<epoll_event>
    private var handler: (UInt64, Readiness) -> Void = { _, _ in }
    private var peerCount = 0
    /// `batch[next..<end]` waits for the handler.
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

    /// Calls `handler` with the token of each peer that is ready, again in each turn in which it
    /// still is.
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

    /// Ends the watch: the token is not reported again, not even if its turn was about to come.
    package func remove(_ socket: borrowing StreamSocket, token: UInt64) {
        guard control(EPOLL_CTL_DEL, socket, 0, token) == 0 else { return }
        peerCount -= 1
        for index in next..<end where batch[index].data.u64 == token { batch[index].events = 0 }
    }

    /// Reports every peer that is ready, once or twice, in turns of one batch each. It returns
    /// though some never fall silent: the kernel hands out ready peers in turn.
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
