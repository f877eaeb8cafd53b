// SPDX-License-Identifier: Apache-2.0

import Negotiation
import ReprieveBroker
import Systemd

/// What gives the broker its inputs: one event loop. What happens in a turn of the loop is handed
/// to the performer at the end of the turn, with one reading of all clocks.
final class Daemon {
    private let loop: EventLoop
    private let log: Log
    private let sockets: PeerSockets
    private let connections: ConnectionStore
    private let shutdownMonitor: ShutdownMonitor
    private var performer: Performer<DaemonHost>
    private var inputs: [Broker.Input] = []
    private var acceptors: [Acceptor] = []
    private let socketWatch: SocketWatch
    private var settings: BrokerSettings

    init(
        _ loop: EventLoop,
        _ lookup: PeerLookup,
        settings: BrokerSettings,
        store: FileStore,
        connections: ConnectionStore,
        log: Log
    ) throws(SystemError) {
        self.loop = loop
        self.connections = connections
        self.log = log
        socketWatch = try SocketWatch(loop, log)
        let poll = try PeerPoll(on: loop)
        let alarm = try Alarm(on: loop, hearingFirst: poll)
        sockets = PeerSockets(poll, lookup, connections, log)
        shutdownMonitor = try ShutdownMonitor(loop, log)
        self.settings = settings.ofThisProcess(connections)
        let broker = Broker(
            settings: self.settings,
            recalling: store.read(),
            keeping: sockets.takeBack(),
            at: Reading(loop.clocks)
        )
        let host = DaemonHost(sockets, store, connections, alarm, shutdownMonitor, log)
        performer = Performer(broker, on: host)
        sockets.onInput { [unowned self] in inputs.append($0) }
        shutdownMonitor.onEvent { [unowned self] in inputs.append($0) }
        alarm.onFire { [unowned self] in inputs.append(.timePassed) }
        loop.onTurnEnd { [unowned self] in endTurn() }
        inputs = store.failures.map { .stored($0.file, $0.1) }
        // Until it is written, the journal knows less than the connections.
        let isJournalBehind = store.failures.contains { $0.file == .journal }
        if isJournalBehind { connections.isJournalBehind = true }
        endTurn()
    }

    /// Accepts peers at a socket.
    func open(_ endpoint: Endpoint, at socket: ListenSocket) throws(SystemError) {
        let acceptor = try Acceptor(
            socket,
            on: loop,
            leaving: { [sockets] in
                endpoint == .components ? DescriptorShares.reserve + sockets.descriptorsLeft : 0
            },
            limit: { [unowned self] user in settings.waitingLimit(ofUser: user) }
        )
        acceptor.onConnection { [unowned self] in sockets.add($0, at: endpoint) }
        acceptor.onRefusal { [unowned self] in inputs.append(.turnedAway(endpoint, user: $0)) }
        acceptor.onExhaustion { [log] in log.write(.warning, $0.message) }
        acceptors.append(acceptor)
        socketWatch.add(acceptor, of: socket)
    }

    /// Goes on with other settings.
    func adopt(_ settings: BrokerSettings) {
        self.settings = settings.ofThisProcess(connections)
        inputs.append(.reconfigured(self.settings))
    }

    /// Writes down what could wait till now.
    func stop() {
        inputs.append(.stopping)
        endTurn()
    }

    private func endTurn() {
        repeat {
            let happened = inputs
            inputs.removeAll(keepingCapacity: true)
            performer.turn(happened, at: Reading(loop.clocks))
        } while !inputs.isEmpty
    }
}

extension BrokerSettings {
    /// With what this boot, the limit of descriptors and the service manager say.
    fileprivate func ofThisProcess(_ connections: ConnectionStore) -> BrokerSettings {
        var settings = self
        settings.boot = Boot.id
        settings.limits = limits.capped(to: DescriptorShares.components)
        settings.limits.keptConnections = min(limits.keptConnections, connections.room)
        settings.keepsConnections = connections.isOpen && settings.limits.keptConnections > 0
        return settings
    }
}

extension Reading {
    fileprivate init(_ clocks: ClockReading) {
        self.init(
            now: Instant(sinceBoot: clocks.sinceBoot),
            asleep: clocks.asleep,
            wallClockAtBoot: clocks.wallClockAtBoot
        )
    }
}

/// How the daemon does what the broker decides.
struct DaemonHost: BrokerHost {
    private let sockets: PeerSockets
    private let store: FileStore
    private let connections: ConnectionStore
    private let alarm: Alarm
    private let shutdownMonitor: ShutdownMonitor
    private let log: Log

    init(
        _ sockets: PeerSockets,
        _ store: FileStore,
        _ connections: ConnectionStore,
        _ alarm: Alarm,
        _ shutdownMonitor: ShutdownMonitor,
        _ log: Log
    ) {
        self.sockets = sockets
        self.store = store
        self.connections = connections
        self.alarm = alarm
        self.shutdownMonitor = shutdownMonitor
        self.log = log
    }

    func append(_ record: [UInt8], to file: StoredFile) throws(StorageFailure) -> Bool {
        try noting(file) { () throws(StorageFailure) in try store.append(record, to: file) }
    }

    func replace(
        _ file: StoredFile,
        with bytes: [UInt8],
        keepsOld: Bool
    ) throws(StorageFailure) {
        try noting(file) { () throws(StorageFailure) in
            try store.replace(file, with: bytes, keepsOld: keepsOld)
        }
    }

    /// While the journal cannot be written, no connection can be taken back.
    private func noting<Result>(
        _ file: StoredFile,
        _ write: () throws(StorageFailure) -> Result
    ) throws(StorageFailure) -> Result {
        guard file == .journal else { return try write() }
        do throws(StorageFailure) {
            let result = try write()
            connections.isJournalBehind = false
            return result
        } catch {
            connections.isJournalBehind = true
            throw error
        }
    }

    func markWork(for peer: PeerID) { connections.markWork(for: peer) }

    func markDone(but stalled: [PeerID]) { connections.markDone(but: stalled) }

    func keep(_ peer: PeerID) { sockets.keep(peer) }

    func openUpstream(at path: String, for client: PeerID) -> UpstreamOpening {
        sockets.openUpstream(at: path, for: client)
    }

    func write(_ bytes: Span<UInt8>, to peer: PeerID) -> Int { sockets.write(bytes, to: peer) }

    func pause(_ peer: PeerID, _ isPaused: Bool) { sockets.pause(peer, isPaused) }

    func close(_ peer: PeerID) { sockets.close(peer) }

    func log(_ entry: LogEntry) { log.write(entry) }

    func show(statusLine: String) { Notify.status(statusLine) }

    func inhibit(_ inhibition: Inhibition) { shutdownMonitor.keep(inhibition) }

    func freeMemory() { Memory.returnFree() }

    func wakeUp(at instant: Instant?) { alarm.set(to: instant?.sinceBoot) }
}
