// SPDX-License-Identifier: Apache-2.0

package import Negotiation
internal import ReprieveProtocol

/// The whole broker, as a value: its peers, what they said, what waits to be sent to them, the
/// negotiation, and what its files hold.
///
/// There is one way in and one way out: `step` takes inputs in the order in which they happened,
/// with one reading of all clocks, and returns `Effects`. The broker owns no socket, no file and
/// no clock. A `Performer` carries the effects out, in their fixed order, through a `BrokerHost`;
/// how that went (bytes taken, a file that could not be written) comes back as inputs of the next
/// step, until there are none. The daemon, the broker of `ReprieveTesting`, the simulation and the
/// fuzzers differ only in their host.
///
/// A step first notes what was written, and that the machine slept; then it handles each input, and
/// publishes what changed. Its effects are complete: what is to be written down stands in them
/// before anything that leaves because of it. A step without inputs is harmless, and so is one that
/// comes early or twice: timers fire only at `.timePassed`, and only those that are due.
package struct Broker: Sendable {
    package internal(set) var settings: BrokerSettings
    package internal(set) var negotiation: Negotiation
    var peers = PeerTable<Peer>()
    var upstreams = UpstreamTable()
    var accounts = AccountTable()
    var closing = CloseSchedule()
    var statusPublisher = StatusPublisher()
    var statusLine = StatusLine()
    var lateSubscribers = LateSubscribers()
    var noticeFrames = FrameCache<Notice>()
    var postFrames = FrameCache<Post>()
    var grantFrames = FrameCache<Grant>()
    var shutdown = MachineShutdown()
    var updatesInhibition = UpdatesInhibition()
    var inhibitionPace = InhibitionPace()
    var history = History()
    var metrics: Metrics
    var persistence: Persistence
    var auditLog = AuditLog()
    var idleMemory = IdleMemory()
    /// What could wait is written down, and connections with whatever is in the middle of them.
    var isStopping = false
    /// When the service manager is handed the connections that were accepted since.
    var keepDeadline: Instant?
    var saidThatStoreIsFull = false
    /// The machine's time asleep, as the latest reading had it.
    private var timeAsleep: Duration
    /// Peers with something to write in this step.
    var peersToWrite: [PeerID] = []
    var effects = Effects()

    /// What the negotiation was told and decided, for a checker. Nil keeps nothing.
    package var trace: [TraceEntry]?

    /// A broker that goes on where the one ended that wrote the files: its promises are not lost,
    /// and neither are the connections that the service manager has kept. The first step writes
    /// down what the files lack.
    package init(
        settings: BrokerSettings,
        recalling files: [StoredFile: FoundFile] = [:],
        keeping kept: FoundConnections = FoundConnections(),
        at reading: Reading
    ) {
        self.settings = settings
        let now = reading.now
        let past = Recollection(files, settings, at: reading)
        let connections = past.connections(kept, settings)
        var restored = past.restored(at: reading)
        restored.connections = KeptConnections(connections)
        negotiation = Negotiation(settings: settings.negotiation, restoring: restored, at: now)
        timeAsleep = reading.asleep
        persistence = Persistence(past, boot: settings.boot, reading)
        metrics = Metrics(reading: past.state.metrics)
        history = History(past.state.decisions, limits: settings.history)
        let opened = history.enter(released: Array(past.state.interrupted.values))
        persistence.enter(opened + history.add(past.journal.decisions))
        recallShutdowns(ofThisBoot: Set(past.journal.restored.updates.keys), at: now)
        persistence.replaceWhatIsBehind(past, files, negotiation)
        takeBack(connections, among: kept, known: past.journal.connections.count, at: now)
        for (file, content) in [(StoredFile.journal, past.journal), (.state, past.state)] {
            guard let finding = content.finding else { continue }
            auditLog.note(.damaged(path: files[file]?.path ?? "", finding))
        }
    }

    /// Handles inputs in their order, and returns what is to be done about them.
    package mutating func step(_ inputs: [Input], at reading: Reading) -> Effects {
        let now = reading.now
        persistence.wallClockAtBoot = reading.wallClockAtBoot
        // First of all: then nothing waits for a socket that was not offered to it.
        for case .wrote(let count, let peer) in inputs { noteWritten(count, to: peer, at: now) }
        noticeSleep(reading)
        if negotiation.awaitsSending { negotiate(.sent, at: now) }
        for input in inputs { handle(input, at: now) }
        publishStatus(at: now)
        closePeersThatDoNotRead(at: now)
        return takeEffects(at: now)
    }

    private mutating func handle(_ input: Input, at now: Instant) {
        switch input {
        case .connected(let peer, let endpoint, let credentials):
            connect(peer, endpoint, credentials, at: now)
        case .turnedAway(let endpoint, let user):
            let limit = settings.waitingLimit(ofUser: user)
            let reason = "\(limit) of its connections wait to be accepted, which is the maximum"
            auditLog.note(.refused(AccountID(endpoint, user: user), reason))
        case .received(let bytes, let peer): receive(bytes, from: peer, at: now)
        case .hungUp(let peer): hangUp(peer, at: now)
        case .wrote(_, let peer): handleWhatWaited(for: peer, at: now)
        case .writable(let peer): noteWritable(peer)
        case .upstreamOpened(let opening, let client):
            noteUpstream(opening, for: client, at: now)
        case .stored(let file, let failure):
            auditLog.note(persistence.noteStored(file, failure, at: now))
        case .timePassed: passTime(at: now)
        case .shutdownBegins(let shutdown): beginShutdown(shutdown, at: now)
        case .shutdownCalledOff: callOffShutdown(at: now)
        case .reconfigured(let settings): adopt(settings, at: now)
        case .stopping:
            keepMetrics()
            stop()
        }
    }

    /// Time that the machine was suspended is taken into account before anything that comes of it.
    private mutating func noticeSleep(_ reading: Reading) {
        let slept = reading.asleep - timeAsleep
        // A shorter one is not told from the jitter between two clocks.
        guard slept >= Limits.shortestSleep else { return }
        timeAsleep = reading.asleep
        persistence.noteSleep(reading.asleep)
        postponeCloses(by: slept)
        negotiate(.slept(slept), at: reading.now)
    }

    private mutating func passTime(at now: Instant) {
        closeWhatIsDue(at: now)
        keepWhatIsDue(at: now)
        openUpstreamsAgain(at: now)
        negotiate(.timePassed, at: now)
        persistence.retry(at: now)
        if idleMemory.isDue(at: now) { effects.freesMemory = true }
    }

    private mutating func takeEffects(at now: Instant) -> Effects {
        for id in peersToWrite { noteRecord(of: id) }
        let changed = persistence.changedConnections.map { (peer: $0, connection: record(of: $0)) }
        effects.storage = persistence.takeWrites(of: negotiation, changed)
        // A frame leads to what others are told, after the answer to it: those others come first.
        for peer in peersToWrite.reversed() { offerOutput(of: peer) }
        peersToWrite.removeAll(keepingCapacity: true)
        effects.log = auditLog.take(at: now)
        effects.inhibition = inhibitionPace.take(inhibition, at: now)
        let kept = accounts.bytes + peers.count * IdleMemory.ofPeer
        idleMemory.note(isWaiting: negotiation.isWaiting, kept: kept, at: now)
        effects.wakeUp = nextDeadline
        if effects.freesMemory { freeCapacity() }
        var taken = Effects()
        swap(&taken, &effects)
        return taken
    }

    /// Gives up the room of lists that a gate has filled and that are empty now.
    private mutating func freeCapacity() {
        peersToWrite = []
        persistence.freeCapacity()
    }

    private var nextDeadline: Instant? {
        mutating get {
            var next = earliest(negotiation.nextDeadline, closing.deadline)
            next = earliest(next, earliest(keepDeadline, statusPublisher.nextDeadline))
            next = earliest(next, earliest(statusLine.nextDeadline, persistence.nextDeadline))
            next = earliest(next, earliest(auditLog.nextDeadline, idleMemory.deadline))
            return earliest(next, earliest(upstreams.retryDeadline, inhibitionPace.nextDeadline))
        }
    }

    /// All that a file has to hold, as it stands after the latest step.
    package func snapshot(of file: StoredFile) -> [UInt8] {
        persistence.snapshot(of: file, negotiation, history, file == .journal ? records : [])
    }

    package var peerCount: Int { peers.count }
}
