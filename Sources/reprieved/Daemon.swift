// SPDX-License-Identifier: Apache-2.0

import Glibc
import Negotiation
import ReprieveBroker
import Systemd

/// The shell around the broker: hands it what happens, and performs its actions before the
/// handler returns.
final class Daemon {
    /// A suspend shorter than this is not told from the jitter between two clocks.
    private static let shortestSleep = Duration.milliseconds(100)

    private let loop: EventLoop
    private let poll: PeerPoll
    private let alarm: Alarm
    private let log: Log
    private var broker: Broker
    private var connections: [PeerID: Connection] = [:]
    private var doors: [Acceptor] = []
    private var latestPeer: UInt64 = 0
    private var timeAsleep: Duration
    /// The loop's clock when `timeAsleep` was found.
    private var timeAsleepFound: Duration
    /// All peers read into it: what half a frame leaves over, its decoder keeps.
    private var buffer = [UInt8](repeating: 0, count: 64 * 1_024)

    init(_ loop: EventLoop, user: UInt32, log: Log) throws(SystemError) {
        self.loop = loop
        self.log = log
        poll = try PeerPoll(on: loop)
        alarm = try Alarm(on: loop, hearingFirst: poll)
        broker = Broker(settings: BrokerSettings(user: user))
        timeAsleep = loop.timeAsleep
        timeAsleepFound = loop.now
        poll.onReady { [unowned self] token, readiness in
            serve(PeerID(token), readiness)
        }
        alarm.onFire { [unowned self] in
            perform(broker.handle(.timePassed, at: now))
        }
        loop.onTurnEnd { [unowned self] in
            perform(broker.handle(.turnEnded, at: now))
            alarm.set(to: broker.nextDeadline?.sinceBoot)
        }
    }

    /// Lets peers in at a socket.
    func open(_ door: Door, at socket: ListenSocket) throws(SystemError) {
        let acceptor = try Acceptor(socket, on: loop)
        acceptor.onConnection { [unowned self] in welcome($0, at: door) }
        acceptor.onExhaustion { [log] in log.write(.warning, $0.message) }
        doors.append(acceptor)
    }

    private var now: Instant { Instant(sinceBoot: loop.now) }

    private func perform(_ actions: [Broker.Action]) {
        for action in actions {
            switch action {
            case .write(let peer): write(to: peer)
            case .close(let peer): close(peer)
            case .note(let note): log.write(LogLevel(note.level), note.text)
            }
        }
    }
}

// MARK: - Peers

/// A peer's socket.
private final class Connection {
    let socket: StreamSocket
    /// Whether the poll tells when the socket takes bytes again.
    var awaitsRoom = false

    init(_ socket: consuming StreamSocket) {
        self.socket = socket
    }
}

extension Daemon {
    private func welcome(_ socket: consuming StreamSocket, at door: Door) {
        latestPeer += 1
        let peer = PeerID(latestPeer)
        do {
            let credentials = try socket.peerCredentials()
            try poll.add(socket, token: peer.number)
            connections[peer] = Connection(socket)
            noticeSleep()
            perform(broker.handle(.connected(peer, door, Credentials(credentials)), at: now))
        } catch {
            log.write(.warning, error.message)
        }
    }

    private func serve(_ peer: PeerID, _ readiness: Readiness) {
        noticeSleep()
        if readiness.canWrite { write(to: peer) }
        if readiness.canRead { read(from: peer) }
    }

    private func read(from peer: PeerID) {
        guard let connection = connections[peer] else { return }
        switch connection.socket.read(into: &buffer) {
        case .bytes(let count):
            perform(broker.handle(buffer.span.extracting(0..<count), from: peer, at: now))
        case .wouldBlock: break
        case .ended, .failed: close(peer)
        }
    }

    private func write(to peer: PeerID) {
        guard let connection = connections[peer] else { return }
        var isBroken = false
        let isDone = broker.takeOutput(of: peer) { bytes in
            switch connection.socket.write(bytes) {
            case .bytes(let count): return count
            case .wouldBlock: return 0
            case .failed:
                isBroken = true
                return 0
            }
        }
        // A broken connection is reported as ended when it is read.
        if !isBroken { awaitRoom(connection, peer, !isDone) }
    }

    private func awaitRoom(_ connection: Connection, _ peer: PeerID, _ awaits: Bool) {
        guard connection.awaitsRoom != awaits else { return }
        do {
            try poll.setWritable(connection.socket, token: peer.number, on: awaits)
            connection.awaitsRoom = awaits
        } catch {
            log.write(.warning, error.message)
            close(peer)
        }
    }

    private func close(_ peer: PeerID) {
        guard let connection = connections.removeValue(forKey: peer) else { return }
        poll.remove(connection.socket, token: peer.number)
        perform(broker.handle(.hungUp(peer), at: now))
    }

    /// Time that the device was suspended is reported before anything that came of it. Once for
    /// each waking of the loop: what it handles then happens at one instant.
    private func noticeSleep() {
        guard loop.now != timeAsleepFound else { return }
        timeAsleepFound = loop.now
        let asleep = loop.timeAsleep
        guard asleep - timeAsleep >= Self.shortestSleep else { return }
        perform(broker.handle(.slept(asleep - timeAsleep), at: now))
        timeAsleep = asleep
    }
}

extension Credentials {
    fileprivate init(_ credentials: PeerCredentials) {
        self.init(process: credentials.process, user: credentials.user)
    }
}

extension LogLevel {
    fileprivate init(_ level: Note.Level) {
        switch level {
        case .debug: self = .debug
        case .info: self = .info
        case .warning: self = .warning
        }
    }
}
