// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// Accepts the connections of a listening socket, and hands on a batch in each turn.
///
/// The kernel keeps the connections of all users in one queue. So that no user waits there behind
/// the connections of one that makes thousands, they are accepted at once, and wait in an
/// `AcceptQueue`: users take turns.
///
/// If no descriptor is left, a connection cannot be accepted and stays ready, and the loop would
/// spin. Then the acceptor closes a spare descriptor, accepts the connection in its place, closes
/// that, and opens the spare again: the peer learns at once that it has to try again. If not even
/// that works, the acceptor pauses.
package final class Acceptor {
    /// Connections that are handed on in one turn: each process is looked up, while peers wait.
    private static let batchLimit = 16
    /// Connections that are accepted in one turn, which takes a few microseconds each.
    private static let acceptLimit = 1_024
    private static let pause = Duration.milliseconds(100)

    private let listening: ListenSocket
    /// Descriptors that are left to others: a connection that would take one of them is closed.
    private let reserve: () -> Int
    private var source: EventSource
    private unowned let loop: EventLoop
    private let resumption: Alarm
    private var queue: AcceptQueue
    /// The next turn, while connections wait in the queue.
    private let nextTurn: Alarm
    private var spare: Descriptor?
    private var connected: (consuming StreamSocket) -> Void = { _ in }
    private var exhausted: (SystemError) -> Void = { _ in }
    private var refused: (UInt32) -> Void = { _ in }
    private var isExhausted = false

    /// Of a user at most `limit` connections wait to be handed on. A further one is closed.
    package init(
        _ listening: ListenSocket,
        on loop: EventLoop,
        leaving reserve: @escaping () -> Int = { 0 },
        limit: @escaping (_ user: UInt32) -> Int = { _ in 4_096 }
    ) throws(SystemError) {
        source = try Self.makeSource(on: loop, listening: listening.descriptor)
        resumption = try Alarm(on: loop)
        nextTurn = try Alarm(on: loop)
        queue = AcceptQueue(limit: limit)
        self.listening = listening
        self.reserve = reserve
        self.loop = loop
        source.calls(self)
        spare = Self.openSpare()
        resumption.onFire { [unowned self] in resume() }
        nextTurn.onFire { [unowned self] in handOn() }
    }

    deinit {
        while let descriptor = queue.next() { close(descriptor) }
    }

    /// Whether clients find the socket at its path.
    package var isInPlace: Bool { listening.isInPlace }

    /// Listens at the path again, from which the socket's file was removed.
    package func restore() throws(SystemError) {
        source.enable(SD_EVENT_OFF)
        try listening.restore()
        source = try Self.makeSource(on: loop, listening: listening.descriptor)
        source.calls(self)
    }

    package func onConnection(_ handler: @escaping (consuming StreamSocket) -> Void) {
        connected = handler
    }

    /// Calls `handler` when connections begin to be refused, once until one is accepted again.
    package func onExhaustion(_ handler: @escaping (SystemError) -> Void) {
        exhausted = handler
    }

    /// Calls `handler` with the user of a connection that is closed because too many wait.
    package func onRefusal(_ handler: @escaping (_ user: UInt32) -> Void) { refused = handler }

    private func acceptBatch() {
        for _ in 0..<Self.acceptLimit {
            let descriptor = reprieve_accept(listening.descriptor)
            guard descriptor >= 0 || handle(errno) else { break }
            if descriptor >= 0 { take(descriptor) }
        }
        handOn()
    }

    private func handOn() {
        for _ in 0..<Self.batchLimit {
            guard let descriptor = queue.next() else { return }
            connected(StreamSocket(owning: descriptor))
        }
        if !queue.isEmpty { nextTurn.set(to: loop.now) }
    }

    private func take(_ descriptor: Int32) {
        // A new descriptor is the lowest free number: all below it are in use.
        let reserve = reserve()
        if reserve > 0, Int(descriptor) >= DescriptorLimit.current - reserve {
            // Before the peer can see it.
            report(EMFILE)
            close(descriptor)
            return
        }
        isExhausted = false
        var peer = reprieve_peer_credentials()
        guard reprieve_peer_credentials(descriptor, &peer) == 0,
            queue.add(descriptor, of: peer.user)
        else {
            close(descriptor)
            return refused(peer.user)
        }
    }

    /// Whether to go on with the next connection.
    private func handle(_ error: Int32) -> Bool {
        switch error {
        case EAGAIN: return false
        case EINTR, ECONNABORTED: return true
        case EMFILE, ENFILE:
            report(error)
            return turnAway()
        default:
            report(error)
            return rest()
        }
    }

    private func report(_ error: Int32) {
        guard !isExhausted else { return }
        isExhausted = true
        exhausted(SystemError("accept a connection on", path: listening.path, errno: error))
    }

    private func turnAway() -> Bool {
        guard spare != nil else { return rest() }
        spare = nil
        let descriptor = reprieve_accept(listening.descriptor)
        let isTaken = descriptor >= 0
        if isTaken { close(descriptor) }
        spare = Self.openSpare()
        return isTaken || rest()
    }

    private func rest() -> Bool {
        source.enable(SD_EVENT_OFF)
        resumption.set(to: loop.now + Self.pause)
        return false
    }

    private func resume() {
        if spare == nil { spare = Self.openSpare() }
        source.enable(SD_EVENT_ON)
    }

    private static func openSpare() -> Descriptor? {
        let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        return descriptor < 0 ? nil : Descriptor(owning: descriptor)
    }
}

extension Acceptor {
    fileprivate static func makeSource(
        on loop: EventLoop,
        listening descriptor: Int32
    ) throws(SystemError) -> EventSource {
        try EventSource("watch a listening socket") {
            sd_event_add_io(
                loop.event,
                $0,
                descriptor,
                EPOLLIN.rawValue,
                { _, _, _, userdata in
                    let acceptor = EventSource.owner(userdata, as: Acceptor.self)
                    acceptor.loop.turn(acceptor.acceptBatch)
                    return 0
                },
                nil
            )
        }
    }
}
