// SPDX-License-Identifier: Apache-2.0

package import Negotiation
package import ReprieveBroker
package import ReprieveProtocol

/// A broker and its clients on a hand-turned clock, without sockets: what one end writes, the
/// other end reads, whole or in pieces.
package struct Stage: Sendable {
    package static let user: UInt32 = 1_000

    package internal(set) var broker: Broker
    package private(set) var now = Instant(sinceBoot: .seconds(1_000))
    package internal(set) var actors: [PeerID: Actor] = [:]
    package private(set) var notes: [Note] = []
    /// What the broker said of itself, the latest last.
    package private(set) var statuses: [String] = []
    package var status: String { statuses.last ?? "" }
    private var latest: UInt64 = 0
    /// Nothing that the broker says arrives.
    private var isMute = false
    /// What the broker's two files hold.
    package private(set) var journal: [UInt8] = []
    package private(set) var state: [UInt8] = []

    package init(_ change: (inout BrokerSettings) -> Void = { _ in }) {
        var settings = BrokerSettings(user: Self.user)
        change(&settings)
        settings.boot = "a"
        broker = Broker(settings: settings, recalling: Recollection(), at: now)
        (journal, state) = (broker.bootPage, broker.bootPage)
    }

    /// Has the broker keep minutes of its negotiation from now on.
    package mutating func keepMinutes() { broker.minutes = [] }

    package mutating func takeMinutes() -> [Minute] {
        defer { broker.minutes = [] }
        return broker.minutes ?? []
    }

    /// The broker dies, and another goes on with what was written down. Nobody hung up, yet all
    /// are gone.
    package mutating func restart() {
        (actors, isMute) = ([:], false)
        let past = Recollection(journal: journal, state: state, boot: broker.settings.boot)
        broker = Broker(settings: broker.settings, recalling: past, at: now)
        journal = broker.bootPage + broker.wholePage(of: .journal)
    }

    /// Has the files hold something else, for a broker that goes on after this one.
    package mutating func forge(journal: [UInt8]? = nil, state: [UInt8]? = nil) {
        self.journal = journal ?? self.journal
        self.state = state ?? self.state
    }

    /// Lets something happen that is written down, and the broker die before anybody hears of it.
    package mutating func die(after act: (inout Stage) -> Void) {
        isMute = true
        act(&self)
        restart()
    }

    /// The device reboots: the journal means nothing any more, and the clock starts anew. In an
    /// orderly shutdown the broker has been stopped before.
    package mutating func reboot(isOrderly: Bool = false) {
        actors = [:]
        if isOrderly { state += broker.takeLatePage() }
        now = Instant(sinceBoot: .seconds(5))
        var settings = broker.settings
        settings.boot += "a"
        let past = Recollection(journal: journal, state: state, boot: settings.boot)
        broker = Broker(settings: settings, recalling: past, at: now)
        journal = broker.bootPage + broker.wholePage(of: .journal)
        state += broker.bootPage
    }

    /// What the broker would be after its death, by what was written down.
    package func recalled() -> Negotiation {
        let past = Recollection(journal: journal, state: state, boot: broker.settings.boot)
        return Broker(settings: broker.settings, recalling: past, at: now).negotiation
    }

    private mutating func settle() {
        keep()
        if !isMute { broker.confirmSent() }
        keep()
    }

    /// Nobody hears of what could still be forgotten.
    private mutating func keep() {
        guard broker.hasPages else { return }
        let pages = broker.takePages()
        journal += pages.journal
        state += pages.state
    }
}

// MARK: - Coming and going

extension Stage {
    /// Opens a connection and says nothing.
    package mutating func enter(
        by door: Door,
        process: Int32? = nil,
        user: UInt32 = Stage.user,
        place: Place = Place()
    ) -> PeerID {
        latest += 1
        let peer = PeerID(latest)
        actors[peer] = Actor()
        let credentials = Credentials(
            process: process ?? Int32(latest),
            user: user,
            place: place
        )
        perform(broker.handle(.connected(peer, door, credentials), at: now))
        return peer
    }

    /// A component that has connected and subscribed.
    package mutating func component(_ name: String, confirm: Bool = false) -> PeerID {
        let peer = connect(name, by: .components)
        ask(peer, .subscribeToComponentUpdates, SubscribeRequest(confirm: confirm))
        return peer
    }

    /// A coordinator or operator that has connected.
    package mutating func operatorAtControl(process: Int32? = nil) -> PeerID {
        let peer = enter(by: .control, process: process)
        say(peer) { $0.connect(ConnectRequest()) }
        return peer
    }

    package mutating func connect(
        _ name: String,
        by door: Door,
        user: UInt32 = Stage.user
    ) -> PeerID {
        let peer = enter(by: door, user: user)
        say(peer) { $0.connect(ConnectRequest(authToken: name)) }
        return peer
    }

    package mutating func hangUp(_ peer: PeerID) {
        guard actors.removeValue(forKey: peer) != nil else { return }
        perform(broker.handle(.hungUp(peer), at: now))
        settle()
    }
}

// MARK: - Time

extension Stage {
    /// Turns the clock on, stopping wherever the broker wants to be woken.
    package mutating func pass(_ duration: Duration) {
        let end = now + duration
        var wakeUps = 0
        while let next = broker.nextDeadline, next <= end {
            wakeUps = next > now ? 0 : wakeUps + 1
            precondition(wakeUps < 100, "the broker wants to be woken for ever")
            now = max(now, next)
            perform(broker.handle(.timePassed, at: now))
            endTurn()
        }
        now = end
    }

    /// The device is suspended for a while, and wakes up.
    package mutating func sleep(_ duration: Duration) {
        now = now + duration
        perform(broker.handle(.slept(duration), at: now))
        settle()
        pass(.zero)
    }

    mutating func endTurn() {
        perform(broker.handle(.turnEnded, at: now))
        settle()
    }

    /// The operator changes what the broker works with.
    package mutating func adopt(_ change: (inout BrokerSettings) -> Void) {
        var settings = broker.settings
        change(&settings)
        perform(broker.adopt(settings))
    }

    mutating func perform(_ actions: [Broker.Action]) {
        for action in actions {
            switch action {
            case .write(let peer): deliver(to: peer)
            case .close(let peer): hangUp(peer)
            case .note(let note): notes.append(note)
            case .say(let line): statuses.append(line)
            }
        }
    }
}

// MARK: - Hearing

extension Stage {
    /// Lets a client read only so many bytes more; nil lets it read all that comes.
    package mutating func limitReading(_ peer: PeerID, to room: Int?) {
        actors[peer]?.room = room
        if room != 0 { deliver(to: peer) }
    }

    private mutating func deliver(to peer: PeerID) {
        keep()
        guard !isMute, var actor = actors[peer] else { return }
        _ = broker.takeOutput(of: peer) { actor.take($0) }
        actor.listen()
        actors[peer] = actor
    }

    /// When the broker wants to be woken.
    package var nextDeadline: Instant? {
        mutating get { broker.nextDeadline }
    }

    package func isConnected(_ peer: PeerID) -> Bool { actors[peer] != nil }

    /// What the client has heard and not yet been asked for.
    package mutating func heard(by peer: PeerID) -> [ClientConnection.Event] {
        guard let heard = actors[peer]?.heard else { return [] }
        actors[peer]?.heard = []
        return heard
    }
}
