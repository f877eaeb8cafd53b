// SPDX-License-Identifier: Apache-2.0

package import Negotiation
internal import ReprieveProtocol
package import Tokens

/// The whole broker, as a value: its peers, what they said, what waits to be sent to them, and the
/// negotiation. Events go in with the instant at which they happened, actions come out, and
/// `nextDeadline` says when to come back at the latest. The daemon around it owns the sockets and
/// the clock, and decides nothing.
package struct Broker: Sendable {
    package enum Event: Hashable, Sendable {
        case connected(PeerID, Door, Credentials)
        /// The peer hung up, or the daemon has hung up on it.
        case hungUp(PeerID)
        case timePassed
        case slept(Duration)
        case shutdownBegins(Shutdown)
        /// The machine does not go down after all.
        case shutdownCalledOff
        /// Everything that had arrived is handled: what has changed may be shown.
        case turnEnded
    }

    package enum Action: Hashable, Sendable {
        /// There is something to write: `takeOutput(of:)`.
        case write(PeerID)
        /// Hang up on the peer, and say so with `hungUp`.
        case close(PeerID)
        /// Tell the service manager how the broker is.
        case say(String)
        indirect case note(Note)
    }

    package private(set) var settings: BrokerSettings
    package internal(set) var negotiation: Negotiation
    var peers = PeerTable<Peer>()
    /// Peers that may not stay as they are: in their handshake, or expected to close.
    var impatience: [PeerID: Instant] = [:]
    var peersOfUser: [UInt32: Int] = [:]
    var showing = Showing()
    var statusLine = StatusLine()
    var latecomers = Latecomers()
    var notices = Press<Notice>()
    var posts = Press<Post>()
    var grants = Press<Grant>()
    var shutdown = ShutdownGate()
    var holders = Holders()
    var history = History()
    /// Released updates that are in the state file.
    var keptReleases: Set<DeploymentID> = []
    /// For the state file, as soon as something else has to be written there.
    var latePage = Page()
    var lateEntries: [History.Entry] = []
    /// What the last pages entered in the history.
    var latestEntries: [History.Entry] = []
    var actions: [Action] = []

    /// What the wall clock would have said at boot, since 1970. Only for who reads the history.
    package var bootTime: Duration = .zero

    /// What the negotiation was told and decided, for whoever checks it. Nil keeps nothing.
    package var minutes: [Minute]?

    package init(settings: BrokerSettings) {
        self.settings = settings
        self.negotiation = Negotiation(settings: settings.negotiation)
    }

    /// A broker that goes on where one ended: its connections are lost, its promises are not.
    /// What is to outlive this one is kept for `takePages`.
    package init(settings: BrokerSettings, recalling past: Recollection, at now: Instant) {
        self.settings = settings
        negotiation = Negotiation(
            settings: settings.negotiation,
            recalling: past.records(settings.negotiation, at: now),
            at: now
        )
        history = History(past.state.decisions, limits: settings.history)
        lateEntries = history.add(past.journal.decisions)
        // A state file that missed the last page is behind the journal.
        keptReleases = past.keptReleases.filter { id in
            negotiation.updates[id].map { !$0.isWaiting } ?? false
        }
        let over = past.keptReleases.subtracting(keptReleases)
        for id in over.sorted() { latePage.take(.update(id, nil)) }
        negotiation.writeAgain(allBut: past.inStateFile.subtracting(over))
        recallShutdowns(ofThisBoot: past.inJournal, at: now)
    }

    package mutating func handle(_ event: Event, at now: Instant) -> [Action] {
        switch event {
        case .connected(let peer, let door, let credentials):
            connect(peer, door, credentials, at: now)
        case .hungUp(let peer): hangUp(peer, at: now)
        case .timePassed:
            loseImpatience(at: now)
            negotiate(.timePassed, at: now)
        case .slept(let asleep): negotiate(.slept(asleep), at: now)
        case .shutdownBegins(let shutdown): beginShutdown(shutdown, at: now)
        case .shutdownCalledOff: callOffShutdown(at: now)
        case .turnEnded:
            show(at: now)
            sayStatus(at: now)
        }
        return takeActions()
    }

    /// Takes bytes that arrived from a peer, in any pieces.
    package mutating func handle(
        _ bytes: Span<UInt8>,
        from peer: PeerID,
        at now: Instant
    ) -> [Action] {
        receive(bytes, from: peer, at: now)
        return takeActions()
    }

    /// Goes on with other settings. Whoever is known by a token that is good no longer is hung up
    /// on; other names, and what waits, stay as they are.
    package mutating func adopt(_ settings: BrokerSettings) -> [Action] {
        self.settings = settings
        negotiation.settings = settings.negotiation
        for (index, peer) in peers.values.enumerated() {
            guard let token = peer.token, settings.tokens.component(of: token) != peer.name else {
                continue
            }
            actions.append(.note(.revoked(peer.name)))
            actions.append(.close(peers.id(at: index)))
        }
        return takeActions()
    }

    /// When `timePassed` or the end of a turn is due; nil while nothing waits.
    package var nextDeadline: Instant? {
        mutating get {
            [
                negotiation.nextDeadline, impatience.values.min(), showing.nextDeadline,
                statusLine.nextDeadline,
            ].lazy.compactMap { $0 }.min()
        }
    }

    package var peerCount: Int { peers.count }

    /// Whether any gate is shut.
    package var isWaiting: Bool { mutating get { negotiation.isWaiting } }

    private mutating func takeActions() -> [Action] {
        defer { actions = [] }
        return actions
    }
}

/// Which socket a peer came by.
package enum Door: Hashable, Sendable {
    case components
    case control
}

/// What the broker works with.
package struct BrokerSettings: Sendable {
    /// The user that the broker runs as: its own processes may say who they are.
    package var user: UInt32
    package var tokens = TokenList()
    /// What a request leaves out.
    package var policy = Policy()
    package var negotiation = Settings()
    /// Connections at once, and of one user. Beyond it a new one is closed at once.
    package var maximumPeers = 8_192
    package var maximumPeersOfUser = 4_096
    package var history = HistoryLimits()
    /// Whether a shutdown waits for its gate.
    package var delaysShutdown = true
    /// Whether a shutdown is refused while a deferral stands.
    package var blocksShutdown = false
    /// Which boot this is, as the kernel calls it.
    package var boot = ""

    package init(user: UInt32) {
        self.user = user
    }
}
