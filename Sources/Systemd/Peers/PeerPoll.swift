// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// Waits for any number of peers, as one source of the loop.
///
/// libsystemd calls `epoll_wait` after each source that it serves. So the peers have epoll
/// descriptors of their own, one for each group. Groups take turns, and a turn is short: the peers
/// of one group do not delay those of another, however many they are and whatever they send.
package final class PeerPoll {
    /// Groups that are served in a round. The kernel returns ready groups in turn.
    private static let roundLimit = 64

    private let epoll: Descriptor
    private let source: EventSource
    private unowned let loop: EventLoop
    private let ready: UnsafeMutablePointer<epoll_event>
    private var handler: (UInt64, Readiness) -> Int = { _, _ in 0 }
    private var groups: [Int32: Unmanaged<PeerGroup>] = [:]

    package init(on loop: EventLoop) throws(SystemError) {
        let epoll = try Self.makeEpoll()
        source = try Self.makeSource(on: loop, epoll: epoll.number)
        self.epoll = epoll
        self.loop = loop
        ready = .allocate(capacity: Self.roundLimit)
        source.calls(self)
    }

    deinit { ready.deallocate() }

    /// Calls `handler` with the token of each ready peer, in each turn in which it is ready. It
    /// returns how many bytes it read.
    package func onReady(_ handler: @escaping (_ token: UInt64, Readiness) -> Int) {
        self.handler = handler
    }

    /// A group without peers. It is served as long as it exists.
    package func makeGroup() throws(SystemError) -> PeerGroup {
        let group = PeerGroup(try Self.makeEpoll(), of: self)
        let number = group.epoll.number
        let result = reprieve_epoll_set(
            epoll.number,
            EPOLL_CTL_ADD,
            number,
            EPOLLIN.rawValue,
            UInt64(number)
        )
        try check(result, "watch a group of peers")
        groups[number] = Unmanaged.passUnretained(group)
        return group
    }

    func forget(_ group: PeerGroup) { groups[group.epoll.number] = nil }

    /// Gives each group with ready peers one turn, if `isDue` holds for it. Returns whether there
    /// was one.
    @discardableResult
    private func hearRound(_ isDue: (PeerGroup) -> Bool = { _ in true }) -> Bool {
        let count = epoll_wait(epoll.number, ready, Int32(Self.roundLimit), 0)
        guard count > 0 else { return false }
        // A turn can end groups: all that are ready are kept until each has had its turn.
        let round = (0..<Int(count)).compactMap { index in
            groups[Int32(truncatingIfNeeded: ready[index].data.u64)]?.takeUnretainedValue()
        }.filter(isDue)
        for group in round { loop.turn { group.hear(handler) } }
        return !round.isEmpty
    }

    /// Reports every peer that is ready, and returns even if some always are: a group has as many
    /// turns as its peers need that have sent little.
    func hearEveryone() {
        for group in groups.values { group.takeUnretainedValue().allowTurnsForAll() }
        while hearRound({ $0.takeAllowedTurn() }) {}
    }

    private static func makeEpoll() throws(SystemError) -> Descriptor {
        Descriptor(owning: try check(epoll_create1(O_CLOEXEC), "make an epoll"))
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
                    EventSource.owner(userdata, as: PeerPoll.self).hearRound()
                    return 0
                },
                nil
            )
        }
    }
}
