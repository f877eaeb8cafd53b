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
    /// After the last gate has opened.
    private static let memoryTime = Duration.seconds(1)

    private let loop: EventLoop
    private let poll: PeerPoll
    private let alarm: Alarm
    private let log: Log
    private let archive: Archive
    private let shutdownMonitor: ShutdownMonitor
    private var broker: Broker
    /// By the slots of their numbers.
    private var connections: [Connection?] = []
    /// Who gets something at the end of the turn.
    private var unwritten: [Connection] = []
    private var doors: [Acceptor] = []
    private let lookup: PeerLookup
    private var wasWaiting = false
    /// When the memory that gates took goes back to the system. Not at once, as the next gate would
    /// have to fetch it again; and not while any is shut, when nothing is to wake the daemon up.
    private var returnMemoryAt: Duration?
    /// Said once, until a look-up succeeds again.
    private var hasSaidLookupFails = false
    private var numbers = PeerNumbers()
    private var timeAsleep: Duration
    /// The loop's clock when `timeAsleep` was found.
    private var timeAsleepFound: Duration
    /// All peers read into it: what half a frame leaves over, its decoder keeps.
    private var buffer = [UInt8](repeating: 0, count: 64 * 1_024)

    init(
        _ loop: EventLoop,
        _ lookup: PeerLookup,
        settings: BrokerSettings,
        archive: Archive,
        log: Log
    ) throws(SystemError) {
        self.loop = loop
        self.lookup = lookup
        self.archive = archive
        self.log = log
        poll = try PeerPoll(on: loop)
        alarm = try Alarm(on: loop, hearingFirst: poll)
        shutdownMonitor = try ShutdownMonitor(loop, log)
        broker = archive.broker(settings, at: loop.now)
        broker.bootTime = Boot.time
        timeAsleep = loop.timeAsleep
        timeAsleepFound = loop.now
        poll.onReady { [unowned self] token, readiness in
            serve(PeerID(token), readiness)
        }
        alarm.onFire { [unowned self] in
            archive.retry(broker, at: loop.now)
            perform(broker.handle(.timePassed, at: now))
            returnMemory()
        }
        shutdownMonitor.onEvent { [unowned self] in
            noticeSleep()
            perform(broker.handle($0, at: now))
        }
        loop.onTurnEnd { [unowned self] in
            perform(broker.handle(.turnEnded, at: now))
            writeToEveryone()
            settle()
            // The machine may go down only now that nothing is left to be written.
            shutdownMonitor.keep(broker.inhibition)
        }
        loop.turn {}
    }

    /// Leaves nothing to do but to wait.
    private func settle() {
        keep()
        broker.confirmSent()
        keep()
        if wasWaiting != broker.isWaiting {
            returnMemoryAt = wasWaiting ? loop.now + Self.memoryTime : nil
            wasWaiting.toggle()
        }
        let deadlines = [broker.nextDeadline?.sinceBoot, archive.retryAt, returnMemoryAt]
        alarm.set(to: deadlines.compactMap { $0 }.min())
    }

    /// Writes down what has changed, if anything has. Nobody hears of what could be forgotten.
    private func keep() {
        guard broker.hasPages else { return }
        archive.keep(&broker, at: loop.now)
    }

    private func returnMemory() {
        guard let returnMemoryAt, returnMemoryAt <= loop.now else { return }
        self.returnMemoryAt = nil
        Memory.returnFree()
    }

    /// Writes down what could wait till now.
    func stop() { archive.close(&broker, at: loop.now) }

    /// Lets peers in at a socket.
    func open(_ door: Door, at socket: ListenSocket) throws(SystemError) {
        let acceptor = try Acceptor(socket, on: loop)
        acceptor.onConnection { [unowned self] in welcome($0, at: door) }
        acceptor.onExhaustion { [log] in log.write(.warning, $0.message) }
        doors.append(acceptor)
    }

    /// Goes on with other settings.
    func adopt(_ settings: BrokerSettings) {
        perform(broker.adopt(settings))
    }

    private var now: Instant { Instant(sinceBoot: loop.now) }

    private func perform(_ actions: [Broker.Action]) {
        for action in actions {
            switch action {
            case .write(let peer): writeLater(to: peer)
            case .close(let peer): close(peer)
            case .note(let note): log.write(note)
            case .say(let line): Notify.status(line)
            }
        }
    }
}

// MARK: - Peers

/// A peer's socket.
private final class Connection {
    let peer: PeerID
    let socket: StreamSocket
    /// Whether the poll tells when the socket takes bytes again.
    var awaitsRoom = false
    /// Whether something is to be written at the end of the turn.
    var awaitsTurnEnd = false

    init(_ peer: PeerID, _ socket: consuming StreamSocket) {
        self.peer = peer
        self.socket = socket
    }
}

extension Daemon {
    private func welcome(_ socket: consuming StreamSocket, at door: Door) {
        let peer = numbers.take()
        do {
            let credentials = try credentials(of: socket)
            try poll.add(socket, token: peer.number)
            while connections.count <= peer.slot { connections.append(nil) }
            connections[peer.slot] = Connection(peer, socket)
            noticeSleep()
            perform(broker.handle(.connected(peer, door, credentials), at: now))
        } catch {
            numbers.giveBack(peer)
            log.write(.warning, error.message)
        }
    }

    private func connection(of peer: PeerID) -> Connection? {
        guard peer.slot < connections.count, let connection = connections[peer.slot],
            connection.peer == peer
        else { return nil }
        return connection
    }

    private func credentials(
        of socket: borrowing StreamSocket
    ) throws(SystemError) -> Credentials {
        let peer = try socket.peerCredentials()
        var credentials = Credentials(process: peer.process, user: peer.user)
        let process = lookup.process(peer.process, behind: socket)
        credentials.place = Place(process)
        if let failure = process.failure, !hasSaidLookupFails {
            log.write(.warning, failure.message + "; only a token names such a process")
        }
        hasSaidLookupFails = process.failure != nil
        return credentials
    }

    private func serve(_ peer: PeerID, _ readiness: Readiness) {
        guard let connection = connection(of: peer) else { return }
        noticeSleep()
        // A peer that goes on asking has read its answers first, or it does not read.
        if readiness.canWrite || connection.awaitsTurnEnd { write(to: connection) }
        if readiness.canRead { read(from: connection) }
    }

    private func read(from connection: Connection) {
        let peer = connection.peer
        switch connection.socket.read(into: &buffer) {
        case .bytes(let count):
            perform(broker.handle(buffer.span.extracting(0..<count), from: peer, at: now))
        case .wouldBlock: break
        case .ended, .failed: close(peer)
        }
    }

    /// All writing is done in one go: reading and deciding in between would drive the system calls
    /// out of the processor's caches.
    private func writeToEveryone() {
        // It can grow on the way: a write that fails is a hang-up, which others may hear of.
        var next = 0
        while next < unwritten.count {
            if unwritten[next].awaitsTurnEnd { write(to: unwritten[next]) }
            next += 1
        }
        unwritten.removeAll(keepingCapacity: true)
    }

    private func writeLater(to peer: PeerID) {
        guard let connection = connection(of: peer), !connection.awaitsTurnEnd else { return }
        connection.awaitsTurnEnd = true
        unwritten.append(connection)
    }

    private func write(to connection: Connection) {
        keep()
        connection.awaitsTurnEnd = false
        var isBroken = false
        let isDone = broker.takeOutput(of: connection.peer) { bytes in
            switch connection.socket.write(bytes) {
            case .bytes(let count): return count
            case .wouldBlock: return 0
            case .failed:
                isBroken = true
                return 0
            }
        }
        // A broken connection is reported as ended when it is read.
        if !isBroken { awaitRoom(connection, !isDone) }
    }

    private func awaitRoom(_ connection: Connection, _ awaits: Bool) {
        guard connection.awaitsRoom != awaits else { return }
        do {
            try poll.setWritable(connection.socket, token: connection.peer.number, on: awaits)
            connection.awaitsRoom = awaits
        } catch {
            log.write(.warning, error.message)
            close(connection.peer)
        }
    }

    private func close(_ peer: PeerID) {
        guard let connection = connection(of: peer) else { return }
        connections[peer.slot] = nil
        if connection.awaitsTurnEnd { write(to: connection) }
        poll.remove(connection.socket, token: peer.number)
        perform(broker.handle(.hungUp(peer), at: now))
        numbers.giveBack(peer)
    }

    /// Time that the device was suspended is reported before anything that came of it. Once for
    /// each waking of the loop: what it handles then happens at one instant.
    private func noticeSleep() {
        guard loop.now != timeAsleepFound else { return }
        timeAsleepFound = loop.now
        broker.bootTime = Boot.time
        let asleep = loop.timeAsleep
        guard asleep - timeAsleep >= Self.shortestSleep else { return }
        perform(broker.handle(.slept(asleep - timeAsleep), at: now))
        timeAsleep = asleep
    }
}

extension Place {
    fileprivate init(_ process: PeerProcess) {
        self.init(
            unit: process.unit,
            userUnit: process.userUnit,
            isContained: process.isContained,
            hasExited: process.hasExited,
            isUnknown: process.failure != nil
        )
    }
}
