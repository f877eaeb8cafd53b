// SPDX-License-Identifier: Apache-2.0

package import Negotiation
package import ReprieveBroker
package import ReprieveProtocol

/// A broker and its clients on a hand-turned clock, without sockets: what one end writes, the
/// other end reads, whole or in pieces. The performer is the one of the daemon.
package struct BrokerHarness: Sendable {
    package static let user: UInt32 = 1_000

    package internal(set) var performer: Performer<HarnessHost>
    package private(set) var now = Instant(sinceBoot: .seconds(1_000))
    private var asleep = Duration.zero
    package var wallClockAtBoot = Duration.zero
    private var noticedSleep = Duration.zero
    private var latest: UInt64 = 0
    /// How far the broker came before it died.
    package private(set) var death: Death?

    package struct Death: Sendable {
        /// At the beginning of its last turn.
        package let before: Negotiation
        /// How long the device had been suspended since the turn before.
        package let slept: Duration
        /// Up to its last turn, from where the trace was last taken.
        package let trace: [TraceEntry]
    }

    package init(_ change: (inout BrokerSettings) -> Void = { _ in }) {
        var settings = BrokerSettings(user: Self.user)
        change(&settings)
        settings.boot = "a"
        let broker = Broker(settings: settings, at: Reading(now: now))
        performer = Performer(broker, on: HarnessHost())
        turn()
    }

    package var broker: Broker { performer.broker }
    package var host: HarnessHost {
        get { performer.host }
        set { performer.host = newValue }
    }
    package var clients: [PeerID: SimulatedClient] { performer.host.clients }
    package var log: [LogEntry] { performer.host.log }
    package var statuses: [String] { performer.host.statusLines }
    package var status: String { statuses.last ?? "" }
    package var inhibition: Inhibition { performer.host.inhibition }
    /// When the broker wants to be woken.
    package var nextDeadline: Instant? { performer.host.wakeUp }
    package var journal: [UInt8] { performer.host.files[.journal] ?? [] }
    package var state: [UInt8] { performer.host.files[.state] ?? [] }

    private var reading: Reading {
        Reading(now: now, asleep: asleep, wallClockAtBoot: wallClockAtBoot)
    }

    /// Something happens, and whatever comes of it is performed.
    package mutating func turn(_ inputs: Broker.Input...) { turn(inputs) }

    package mutating func turn(_ inputs: [Broker.Input]) {
        for input in inputs { performer.host.work.note(input) }
        for case .received(_, let peer) in inputs { performer.host.markWork(for: peer) }
        let mayDie = host.operationsLeft != nil && death == nil
        let before = mayDie ? broker.negotiation : nil
        performer.turn(inputs, at: reading)
        let slept = unnoticedSleep
        noticedSleep += slept
        guard host.isDead, let before else { return }
        death = Death(before: before, slept: slept, trace: takeTrace())
    }

    /// How long the device has been suspended since the broker last noticed that.
    package var unnoticedSleep: Duration {
        let slept = asleep - noticedSleep
        return slept < Limits.shortestSleep ? .zero : slept
    }

    /// Has the broker keep a trace of its negotiation from now on.
    package mutating func keepTrace() { performer.keepTrace() }

    package mutating func takeTrace() -> [TraceEntry] { performer.takeTrace() }
}

// MARK: - Death

extension BrokerHarness {
    /// The broker dies, and another goes on with what was written down. Its clients did not hang
    /// up, and yet all are gone whose connections the service manager did not keep, or lost.
    package mutating func restart(
        losing lost: Set<PeerID> = [],
        _ change: (inout BrokerSettings) -> Void = { _ in }
    ) {
        var settings = broker.settings
        change(&settings)
        goOn(settings, losing: lost)
    }

    /// Lets the time pass after which the service manager keeps a new connection.
    package mutating func awaitKeeping() { pass(Limits.keepInterval) }

    /// The broker is stopped in good order, and another goes on.
    package mutating func stopAndStart() {
        turn(.stopping)
        restart()
    }

    /// Lets something happen that is written down, and the broker die before a peer hears of it.
    package mutating func die(after act: (inout BrokerHarness) -> Void) {
        performer.host.diesAtWrite = true
        act(&self)
        restart()
    }

    /// The device reboots: the journal means nothing any more, and the clock starts again. In an
    /// orderly shutdown the broker has been stopped before.
    package mutating func reboot(isOrderly: Bool = false) {
        if isOrderly { turn(.stopping) }
        now = Instant(sinceBoot: .seconds(5))
        (asleep, noticedSleep) = (.zero, .zero)
        var settings = broker.settings
        settings.boot += "a"
        goOn(settings, losing: host.kept)
    }

    private mutating func goOn(_ settings: BrokerSettings, losing lost: Set<PeerID> = []) {
        let host = HarnessHost(after: performer.host, losing: lost)
        let files = host.files.mapValues { FoundFile(bytes: $0) }
        let broker = Broker(
            settings: settings,
            recalling: files,
            keeping: host.found,
            at: reading
        )
        let isTraced = self.broker.trace != nil
        performer = Performer(broker, on: host)
        death = nil
        noticedSleep = asleep
        turn()
        if isTraced { keepTrace() }
    }

    /// What the broker would be after its death, by what was written down.
    package func recalled(losing lost: Set<PeerID> = []) -> Negotiation {
        recalledBroker(losing: lost).negotiation
    }

    package func recalledBroker(losing lost: Set<PeerID> = []) -> Broker {
        let next = HarnessHost(after: host, losing: lost)
        return Broker(
            settings: broker.settings,
            recalling: next.files.mapValues { FoundFile(bytes: $0) },
            keeping: next.found,
            at: reading
        )
    }

    /// Has the files hold something else, for a broker that goes on after this one.
    package mutating func forge(journal: [UInt8]? = nil, state: [UInt8]? = nil) {
        if let journal { performer.host.files[.journal] = journal }
        if let state { performer.host.files[.state] = state }
    }
}

// MARK: - Coming and going

extension BrokerHarness {
    /// Opens a connection and says nothing.
    package mutating func enter(
        at endpoint: Endpoint,
        process: Int32? = nil,
        user: UInt32 = BrokerHarness.user,
        place: Place = Place()
    ) -> PeerID {
        let peer = newPeer()
        let credentials = Credentials(
            process: process ?? Int32(latest),
            user: user,
            place: place
        )
        performer.host.credentials[peer] = credentials
        turn(.connected(peer, endpoint, credentials))
        return peer
    }

    /// A client that the broker has not been told of.
    package mutating func newPeer(isDeaf: Bool = false) -> PeerID {
        latest += 1
        let peer = PeerID(latest)
        performer.host.clients[peer] = SimulatedClient()
        performer.host.clients[peer]?.isDeaf = isDeaf
        return peer
    }

    /// A component that has connected and subscribed.
    package mutating func component(_ name: String, confirm: Bool = false) -> PeerID {
        let peer = connect(name, at: .components)
        ask(peer, .subscribeToComponentUpdates, SubscribeRequest(confirm: confirm))
        return peer
    }

    /// A coordinator or operator that has connected.
    package mutating func operatorAtControl(process: Int32? = nil) -> PeerID {
        let peer = enter(at: .control, process: process)
        say(peer) { $0.connect(ConnectRequest()) }
        return peer
    }

    /// A coordinator that has announced an update. With nobody to be asked it is released.
    package mutating func announce(
        _ id: String = "d-1",
        _ change: (inout GateRequest) -> Void = { _ in }
    ) -> PeerID {
        let coordinator = operatorAtControl()
        _ = heard(by: coordinator)
        var request = GateRequest(deploymentID: id)
        change(&request)
        ask(coordinator, .gateUpdate, request)
        return coordinator
    }

    package mutating func connect(
        _ name: String,
        at endpoint: Endpoint,
        user: UInt32 = BrokerHarness.user
    ) -> PeerID {
        let peer = enter(at: endpoint, user: user)
        say(peer) { $0.connect(ConnectRequest(authToken: name)) }
        return peer
    }

    package mutating func hangUp(_ peer: PeerID) {
        guard let client = clients[peer] else { return }
        // What it had written is read before the end of it, and a broken socket takes all.
        if !client.unread.isEmpty { limitReading(peer, to: nil) }
        turn(.hungUp(peer))
    }

    package func isConnected(_ peer: PeerID) -> Bool { clients[peer] != nil }
}

// MARK: - Time

extension BrokerHarness {
    /// Turns the clock on, stopping wherever the broker wants to be woken, and where it dies.
    package mutating func pass(_ duration: Duration) {
        let end = now + duration
        var wakeUps = 0
        while let next = nextDeadline, next <= end, !host.isDead {
            wakeUps = next > now ? 0 : wakeUps + 1
            precondition(wakeUps < 100, "the broker wants to be woken for ever")
            now = max(now, next)
            turn(.timePassed)
        }
        if !host.isDead { now = end }
    }

    /// The device is suspended for a while, and wakes up. Nothing tells the broker but its clocks.
    package mutating func suspend(_ duration: Duration) {
        now = now + duration
        asleep += duration
        pass(.zero)
    }

    /// The operator changes what the broker works with.
    package mutating func adopt(_ change: (inout BrokerSettings) -> Void) {
        var settings = broker.settings
        change(&settings)
        turn(.reconfigured(settings))
    }
}

// MARK: - Hearing

extension BrokerHarness {
    /// Lets a client's socket take only so many bytes more; nil lets it take all.
    package mutating func limitReading(_ peer: PeerID, to room: Int?) {
        performer.host.clients[peer]?.room = room
        guard room != 0, clients[peer]?.isFull == true else { return }
        performer.host.clients[peer]?.isFull = false
        turn(.writable(peer))
        readOn(peer)
    }

    /// Whether all that the client has heard is that it is denied.
    package mutating func isDenied(_ peer: PeerID) -> Bool {
        let heard = heard(by: peer)
        guard case .denied? = heard.first else { return false }
        return heard.count == 1
    }

    /// What the client has heard and not yet been asked for.
    package mutating func heard(by peer: PeerID) -> [ClientConnection.Event] {
        guard let heard = clients[peer]?.heard else { return [] }
        performer.host.clients[peer]?.heard = []
        return heard
    }
}
