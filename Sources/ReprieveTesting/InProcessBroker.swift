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
    private let inbox = Mutex<[Arrival]>([])
    private let state = Mutex(State())

    private enum Arrival {
        case entered(PeerID, Door, Connection)
        case bytes(PeerID, [UInt8])
        case hungUp(PeerID)
    }

    private struct State {
        /// Nil while the broker is down.
        var broker: Broker?
        var connections: [PeerID: Connection] = [:]
        var latestPeer: UInt64 = 0
        var watches: [GateObserver] = []
        /// What the broker's two files hold.
        var journal: [UInt8] = []
        var state: [UInt8] = []
    }

    /// What is to be done for the clients, once the broker's turn is over.
    private enum Delivery {
        case bytes([UInt8], Connection)
        case hangUp(Connection)
    }

    private static var settings: BrokerSettings {
        var settings = BrokerSettings(user: 0)
        settings.boot = "test"
        return settings
    }

    init() {
        start()
    }

    var isUp: Bool { state.withLock { $0.broker != nil } }

    /// Shows a gate's watcher how things stand, after each turn.
    func add(_ watch: GateObserver) {
        state.withLock { $0.watches.append(watch) }
    }

    func nextPeer() -> PeerID {
        state.withLock { state in
            state.latestPeer += 1
            return PeerID(state.latestPeer)
        }
    }
}

// MARK: - What the clients do

extension InProcessBroker {
    func enter(_ peer: PeerID, by door: Door, _ connection: Connection) {
        arrive(.entered(peer, door, connection))
    }

    func take(_ bytes: [UInt8], from peer: PeerID) {
        arrive(.bytes(peer, bytes))
    }

    func hangUp(_ peer: PeerID) {
        arrive(.hungUp(peer))
    }

    /// Never calls back: whoever says something may hold a lock.
    private func arrive(_ arrival: Arrival) {
        inbox.withLock { $0.append(arrival) }
        Task(executorPreference: executor) { self.turn() }
    }
}

// MARK: - The broker's turn

extension InProcessBroker {
    private var now: Instant { Instant(sinceBoot: .seconds(1_000) + clock.elapsed) }

    /// Takes what has arrived, and does what is due.
    func turn() {
        let arrivals = inbox.withLock { inbox in
            defer { inbox = [] }
            return inbox
        }
        let deliveries = state.withLock { state in
            arrivals.flatMap { receive($0, &state) } + handle(.timePassed, &state)
                + endTurn(&state)
        }
        for delivery in deliveries { deliver(delivery) }
        state.withLock { state in
            for watch in state.watches {
                guard let update = state.broker?.negotiation.updates[watch.deploymentID] else {
                    continue
                }
                watch.see(update.status(at: now))
            }
        }
    }

    private func deliver(_ delivery: Delivery) {
        switch delivery {
        case .bytes(let bytes, let connection):
            do { try connection.receive(bytes) } catch {
                connection.fail(connection.broken(error.message))
            }
        case .hangUp(let connection):
            let reason = "the broker hung up"
            connection.fail(ConnectionError(.broken, connection.path, because: reason))
        }
    }

    private func receive(_ arrival: Arrival, _ state: inout State) -> [Delivery] {
        switch arrival {
        case .entered(let peer, let door, let connection):
            guard state.broker != nil else { return [.hangUp(connection)] }
            state.connections[peer] = connection
            let who = Credentials(process: Int32(truncatingIfNeeded: peer.number), user: 0)
            return handle(.connected(peer, door, who), &state)
        case .bytes(let peer, let bytes):
            guard state.connections[peer] != nil else { return [] }
            let actions = state.broker?.handle(bytes.span, from: peer, at: now)
            return (actions ?? []).flatMap { perform($0, &state) }
        case .hungUp(let peer):
            guard state.connections.removeValue(forKey: peer) != nil else { return [] }
            return handle(.hungUp(peer), &state)
        }
    }

    private func handle(_ event: Broker.Event, _ state: inout State) -> [Delivery] {
        let actions = state.broker?.handle(event, at: now) ?? []
        return actions.flatMap { perform($0, &state) }
    }

    private func perform(_ action: Broker.Action, _ state: inout State) -> [Delivery] {
        switch action {
        case .write(let peer):
            guard let connection = state.connections[peer] else { return [] }
            var bytes: [UInt8] = []
            _ = state.broker?.takeOutput(of: peer) { span in
                for index in span.indices { bytes.append(span[index]) }
                return span.count
            }
            return [.bytes(bytes, connection)]
        case .close(let peer):
            guard let connection = state.connections.removeValue(forKey: peer) else { return [] }
            return [.hangUp(connection)] + handle(.hungUp(peer), &state)
        case .say, .note: return []
        }
    }

    private func endTurn(_ state: inout State) -> [Delivery] {
        let deliveries = handle(.turnEnded, &state)
        keep(&state)
        state.broker?.confirmSent()
        keep(&state)
        return deliveries
    }

    private func keep(_ state: inout State) {
        guard state.broker?.hasPages ?? false, let pages = state.broker?.takePages() else { return }
        state.journal += pages.journal
        state.state += pages.state
    }
}

// MARK: - Time, and death

extension InProcessBroker {
    /// Turns the clock on, stopping wherever somebody wants to be woken.
    func advance(to end: Duration) async {
        await settle()
        var wakeUps = 0
        while let next = nextDeadline, next <= end {
            wakeUps = next > clock.elapsed ? 0 : wakeUps + 1
            precondition(wakeUps < 100, "somebody wants to be woken for ever")
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
        let ours = state.withLock { $0.broker?.nextDeadline }
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
            state.broker = nil
            defer { state.connections = [:] }
            return state.connections.sorted { $0.key < $1.key }.map(\.value)
        }
        for connection in connections { deliver(.hangUp(connection)) }
        await settle()
    }

    /// A broker goes on with what the one before has written down.
    func start() {
        state.withLock { state in
            guard state.broker == nil else { return }
            let past = Recollection(
                journal: state.journal,
                state: state.state,
                boot: Self.settings.boot
            )
            let broker = Broker(settings: Self.settings, recalling: past, at: now)
            state.journal = broker.bootPage + broker.wholePage(of: .journal)
            if state.state.isEmpty { state.state = broker.bootPage }
            state.broker = broker
        }
    }
}

/// A library that is connected to an in-process broker.
struct InProcessEnvironment: ClientEnvironment {
    let broker: InProcessBroker
    let door: Door

    var now: ContinuousClock.Instant { broker.clock.now }

    var executor: (any TaskExecutor)? { broker.executor }

    func sleep(until deadline: ContinuousClock.Instant) async throws {
        try await broker.clock.sleep(until: deadline)
    }

    func wire(to path: String) throws(ConnectionError) -> any Wire {
        guard broker.isUp else { throw ConnectionError(.refused, path) }
        return InProcessWire(broker: broker, door: door, peer: broker.nextPeer())
    }
}

private struct InProcessWire: Wire {
    let broker: InProcessBroker
    let door: Door
    let peer: PeerID

    func start(for connection: Connection, timeout: Duration) {
        broker.enter(peer, by: door, connection)
    }

    func send(_ bytes: [UInt8]) {
        broker.take(bytes, from: peer)
    }

    func hangUp() {
        broker.hangUp(peer)
    }
}
