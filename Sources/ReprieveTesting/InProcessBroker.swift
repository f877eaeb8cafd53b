// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation
internal import ReprieveBroker
internal import ReprieveTransport
internal import Synchronization

/// The broker that reprieved runs, with connections that are calls, and a clock turned by hand.
final class InProcessBroker: Sendable {
    let executor = SerialTaskExecutor()
    let clock = ManualClock()
    private let inbox = Mutex<[Broker.Input]>([])
    private let state = Mutex(State())

    private struct State {
        /// Nil while the broker is down.
        var performer: Performer<InProcessHost>?
        var connections: [PeerID: Connection] = [:]
        var latestPeer: UInt64 = 0
        var watches: [GateObserver] = []
        var files: [StoredFile: [UInt8]] = [:]
    }

    init() { start() }

    var isUp: Bool { state.withLock { $0.performer != nil } }

    /// Shows an observer the status of its gate after each turn.
    func add(_ watch: GateObserver) {
        state.withLock { $0.watches.append(watch) }
    }
}

// MARK: - What the clients do

extension InProcessBroker {
    func enter(at endpoint: Endpoint, _ connection: Connection) -> PeerID {
        let peer = state.withLock { state in
            state.latestPeer += 1
            let peer = PeerID(state.latestPeer)
            state.connections[peer] = connection
            return peer
        }
        let who = Credentials(process: Int32(truncatingIfNeeded: peer.number), user: 0)
        arrive(.connected(peer, endpoint, who))
        return peer
    }

    /// Never calls back: the caller may hold a lock.
    func arrive(_ input: Broker.Input) {
        inbox.withLock { $0.append(input) }
        Task(executorPreference: executor) { self.turn() }
    }
}

// MARK: - The broker's turn

extension InProcessBroker {
    private var now: Instant { Instant(sinceBoot: .seconds(1_000) + clock.elapsed) }

    /// Takes what has arrived, and does what is due.
    func turn() {
        let inputs = inbox.withLock { inbox in
            defer { inbox = [] }
            return inbox
        }
        let (deliveries, refused): ([InProcessHost.Delivery], [Connection]) = state.withLock {
            state in
            guard state.performer != nil else {
                defer { state.connections = [:] }
                return ([], Array(state.connections.values))
            }
            state.performer?.turn(inputs + [.timePassed], at: Reading(now: now))
            return (state.performer?.host.takeDeliveries() ?? [], [])
        }
        for connection in refused { breakOff(connection) }
        for delivery in deliveries { deliver(delivery) }
        showWatchers()
    }

    private func showWatchers() {
        let sights = state.withLock { state in
            state.watches.map { watch in
                (watch, state.performer?.broker.negotiation.updates[watch.deploymentID])
            }
        }
        let now = now
        for case (let watch, let update?) in sights { watch.see(update.status(at: now)) }
    }

    private func deliver(_ delivery: InProcessHost.Delivery) {
        switch delivery {
        case .bytes(let bytes, let peer):
            guard let connection = state.withLock({ $0.connections[peer] }) else { return }
            do { try connection.receive(bytes) } catch {
                connection.fail(connection.broken(error.message))
            }
        case .close(let peer):
            let connection = state.withLock { $0.connections.removeValue(forKey: peer) }
            if let connection { breakOff(connection) }
        }
    }

    private func breakOff(_ connection: Connection) {
        let reason = "the broker hung up"
        connection.fail(ConnectionError(.broken, connection.path, because: reason))
    }
}

// MARK: - Time, and death

extension InProcessBroker {
    /// Turns the clock on, and stops at each deadline.
    func advance(to end: Duration) async {
        await settle()
        var wakeUps = 0
        while let next = nextDeadline, next <= end {
            wakeUps = next > clock.elapsed ? 0 : wakeUps + 1
            precondition(wakeUps < 100, "a deadline that has passed is set again and again")
            await turnClock(to: next)
        }
        await turnClock(to: end)
    }

    private func turnClock(to elapsed: Duration) async {
        clock.turn(to: elapsed)
        await Task(executorPreference: executor) { self.turn() }.value
        await settle()
    }

    private var nextDeadline: Duration? {
        let ours = state.withLock { $0.performer?.host.wakeUp }
        let broker = ours.map { $0 - Instant(sinceBoot: .seconds(1_000)) }
        return [broker, clock.nextDeadline].compactMap { $0 }.min()
    }

    /// Returns when nothing is left to do at this moment.
    func settle() async {
        await executor.settle()
    }

    /// The broker dies without a word.
    func stop() async {
        let connections = state.withLock { state in
            state.files = state.performer?.host.files ?? state.files
            state.performer = nil
            defer { state.connections = [:] }
            return state.connections.sorted { $0.key < $1.key }.map(\.value)
        }
        for connection in connections { breakOff(connection) }
        await settle()
    }

    /// A broker goes on with what the one before has written down.
    func start() {
        state.withLock { state in
            guard state.performer == nil else { return }
            var settings = BrokerSettings(user: 0)
            settings.boot = "test"
            let files = state.files.mapValues { FoundFile(bytes: $0) }
            let reading = Reading(now: now)
            let broker = Broker(settings: settings, recalling: files, at: reading)
            var performer = Performer(broker, on: InProcessHost(files: state.files))
            performer.turn([], at: reading)
            state.performer = performer
        }
    }
}

/// What the broker does to its clients is kept until its turn is over: they are called back then.
private struct InProcessHost: BrokerHost, Sendable {
    enum Delivery: Sendable {
        case bytes([UInt8], PeerID)
        case close(PeerID)
    }

    private(set) var files: [StoredFile: [UInt8]]
    private(set) var wakeUp: Instant?
    private var deliveries: [Delivery] = []

    init(files: [StoredFile: [UInt8]]) { self.files = files }

    mutating func takeDeliveries() -> [Delivery] {
        defer { deliveries = [] }
        return deliveries
    }

    mutating func append(_ record: [UInt8], to file: StoredFile) -> Bool {
        guard files[file] != nil else { return false }
        files[file]? += record
        return true
    }

    mutating func replace(_ file: StoredFile, with bytes: [UInt8], keepsOld: Bool) {
        files[file] = bytes
    }

    mutating func write(_ bytes: Span<UInt8>, to peer: PeerID) -> Int {
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        for index in bytes.indices { copy.append(bytes[index]) }
        deliveries.append(.bytes(copy, peer))
        return bytes.count
    }

    func openUpstream(at path: String, for client: PeerID) -> UpstreamOpening {
        .failed("a broker in a test has no upstream")
    }

    /// No peer has to be: they take all that is written.
    mutating func pause(_ peer: PeerID, _ isPaused: Bool) {}

    mutating func close(_ peer: PeerID) { deliveries.append(.close(peer)) }

    mutating func log(_ entry: LogEntry) {}

    mutating func show(statusLine: String) {}

    mutating func inhibit(_ inhibition: Inhibition) {}

    mutating func freeMemory() {}

    mutating func wakeUp(at instant: Instant?) { wakeUp = instant }
}

/// A library that is connected to an in-process broker.
struct InProcessEnvironment: ClientEnvironment {
    let broker: InProcessBroker
    let endpoint: Endpoint

    var now: SuspendingClock.Instant { broker.clock.now }

    var executor: (any TaskExecutor)? { broker.executor }

    func sleep(until deadline: SuspendingClock.Instant) async throws {
        try await broker.clock.sleep(until: deadline)
    }

    func wire(to path: String) throws(ConnectionError) -> any Wire {
        guard broker.isUp else { throw ConnectionError(.refused, path) }
        return InProcessWire(broker: broker, endpoint: endpoint)
    }
}

/// Two ends in one process.
private final class InProcessWire: Wire {
    private let broker: InProcessBroker
    private let endpoint: Endpoint
    private let peer = Mutex<PeerID?>(nil)

    init(broker: InProcessBroker, endpoint: Endpoint) {
        self.broker = broker
        self.endpoint = endpoint
    }

    func start(for connection: Connection, timeout: Duration) {
        peer.withLock { $0 = broker.enter(at: endpoint, connection) }
    }

    func send(_ bytes: [UInt8]) {
        if let peer = peer.withLock({ $0 }) { broker.arrive(.received(bytes, from: peer)) }
    }

    /// The broker of this process always replies.
    func limitChanged() {}

    func hangUp() {
        if let peer = peer.withLock({ $0 }) { broker.arrive(.hungUp(peer)) }
    }
}
