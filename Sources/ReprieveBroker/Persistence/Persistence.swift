// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation
internal import ReprieveProtocol

/// How a broker's promises outlive it: what is written to which file, and when.
///
/// Two files hold records of the same kind (`RecordFrames`), each the latest state of one thing: an
/// update, some of its participants, an end, the posts owed to a component, a decision of the
/// history. A later record takes the place of an earlier one of the same thing.
///
/// * The **journal**, in the runtime directory, holds all that is under way, and the connections
///   that the service manager keeps. What a step changed is added in one write before anything of
///   that step leaves. It is not synced: it serves a broker that goes on in this boot.
/// * The **state** file, in the state directory, holds released updates, ends, owed posts, the
///   history and the metrics, for the next boot too. It is written and synced when an update is
///   released and when it ends; what else belongs to it (a post that was delivered) waits for that,
///   or for the end of the broker.
///
/// The negotiation names what has changed (`Change`); the values are looked up when they are
/// written. A file that is not there, is too long, or was changed by another process is replaced
/// by a snapshot: the same records, of everything. A file that cannot be written is reported once
/// and tried again every five seconds; meanwhile everything goes on.
///
/// At its start a broker reads both (`FileContent`) and goes on from what they say
/// (`Recollection`).
struct Persistence: Sendable {
    /// History entries that wait for the state file. Beyond it the oldest is forgotten first.
    private static let maximumEntries = 128

    private let boot: String
    private var journal: WrittenFile
    private var state: WrittenFile
    /// What ends each write: how long the device has been suspended in this boot.
    private var end: FrameWriter
    /// What the wall clock would have said at boot, since 1970. Only for readers of the history.
    var wallClockAtBoot: Duration
    /// The same, as it was at each release of this boot. The clock may have been set since.
    private(set) var bootTimes: [DeploymentID: Duration]
    /// The state file has something that must not wait.
    private var isUrgent = false
    /// History entries that the state file may not have. The journal keeps them meanwhile.
    private var entries: [History.Entry] = []
    /// The connections whose records are out of date. They stand in the journal alone.
    private(set) var changedConnections: [PeerID] = []
    /// What was counted, for the state file.
    var metrics: [UInt8]
    /// What the state file has of it.
    private var writtenMetrics: [UInt8]

    init(_ past: Recollection, boot: String, _ reading: Reading) {
        self.boot = boot
        end = RecordFrames.end(asleep: reading.asleep)
        wallClockAtBoot = reading.wallClockAtBoot
        bootTimes = past.bootTimes
        metrics = past.state.metrics
        writtenMetrics = metrics
        journal = WrittenFile(.journal)
        state = WrittenFile(.state)
        journal.keepsOld = past.journal.isOfOtherVersion
        state.keepsOld = past.state.isOfOtherVersion
    }
}

// MARK: - What changes

extension Persistence {
    mutating func note(_ changes: [Change]) {
        journal.changes += changes
        for change in changes {
            switch change {
            case .ended, .owed: state.changes.append(change)
            case .update, .participant, .subscriber: break
            }
        }
    }

    mutating func noteSleep(_ asleep: Duration) { end = RecordFrames.end(asleep: asleep) }

    mutating func noteConnection(_ peer: PeerID) { changedConnections.append(peer) }

    /// Gives up the room of the lists that are emptied with each write. To be called after one.
    mutating func freeCapacity() {
        if journal.changes.isEmpty { journal.changes = [] }
        if changedConnections.isEmpty { changedConnections = [] }
    }

    mutating func noteRelease(of update: Update) {
        isUrgent = true
        // As it is written down.
        bootTimes[update.id] = .milliseconds(wallClockAtBoot.wholeMilliseconds)
        state.changes.append(.update(update.id))
        state.changes += update.participants.names.map { .participant(update.id, $0) }
    }

    mutating func noteEnd(of update: Update) {
        isUrgent = true
        bootTimes[update.id] = nil
        state.changes.append(.update(update.id))
    }

    mutating func enter(_ entries: [History.Entry]) {
        self.entries = Array((self.entries + entries).suffix(Self.maximumEntries))
    }

    /// What could wait is written, too, and what could not be written is tried once more.
    mutating func flush() {
        isUrgent = isUrgent || !state.changes.isEmpty || !entries.isEmpty
        isUrgent = isUrgent || metrics != writtenMetrics
        if journal.failure != nil { journal.retry() }
        if state.failure != nil { state.retry() }
    }

    /// At the start of a broker: a file that lacks something, or that holds what cannot be used.
    mutating func replaceWhatIsBehind(
        _ past: Recollection,
        _ files: [StoredFile: FoundFile],
        _ negotiation: Negotiation
    ) {
        var records = RecordFrames(bootTimes)
        addAll(to: &records, .journal, negotiation)
        journal.needsReplacing = !records.isEmpty || files[.journal]?.bytes.isEmpty == false
        let released = negotiation.updates.entries.filter { !$0.isWaiting }.map(\.id)
        let isBehind =
            Set(released) != Set(past.state.restored.updates.keys) || !entries.isEmpty
            || negotiation.ended.map(\.id) != past.state.restored.ended.map(\.id)
        state.needsReplacing = isBehind || past.state.finding != nil
    }
}

// MARK: - What is written

extension Persistence {
    /// Takes what is to be written before anything leaves.
    mutating func takeWrites(
        of negotiation: Negotiation,
        _ connections: [ConnectionRecord]
    ) -> [StorageWrite] {
        var writes: [StorageWrite] = []
        let record = record(for: journal, negotiation, connections)
        if let write = journal.takeWrite(record) { writes.append(write) }
        if isUrgent || state.needsReplacing {
            let record = self.record(for: state, negotiation, [])
            if let write = state.takeWrite(record) { writes.append(write) }
        }
        isUrgent = false
        changedConnections.removeAll(keepingCapacity: true)
        return writes
    }

    /// Empty where there is nothing to add.
    private func record(
        for file: WrittenFile,
        _ negotiation: Negotiation,
        _ connections: [ConnectionRecord]
    ) -> [UInt8] {
        guard file.takesRecords else { return [] }
        let isState = file.file == .state
        let entries = isState || isUrgent ? entries : []
        let hasMetrics = isState && metrics != writtenMetrics
        let isEmpty = file.changes.isEmpty && entries.isEmpty && connections.isEmpty
        guard !isEmpty || hasMetrics else { return [] }
        var records = RecordFrames(bootTimes)
        if file.needsHeader { records.add(boot: boot) }
        records.add(file.changes, in: file.file, negotiation)
        for (peer, connection) in connections { records.add(peer, connection) }
        for entry in entries { records.add(entry) }
        if hasMetrics { records.add(metrics: metrics) }
        return records.ended(with: end)
    }

    /// All that a file has to hold.
    func snapshot(
        of file: StoredFile,
        _ negotiation: Negotiation,
        _ history: History,
        _ connections: [ConnectionRecord]
    ) -> [UInt8] {
        var records = RecordFrames(bootTimes)
        records.add(boot: boot)
        addAll(to: &records, file, negotiation)
        if file == .journal {
            for (peer, connection) in connections { records.add(peer, connection) }
        }
        for entry in file == .state ? history.entries : entries { records.add(entry) }
        if file == .state, !metrics.isEmpty { records.add(metrics: metrics) }
        return records.ended(with: end)
    }

    private func addAll(
        to records: inout RecordFrames,
        _ file: StoredFile,
        _ negotiation: Negotiation
    ) {
        var changes: [Change] = []
        let departing = file == .journal ? negotiation.departing.entries : []
        for update in negotiation.updates.entries + departing
        where file == .journal || !update.isWaiting {
            changes.append(.update(update.id))
            changes += update.participants.names.map { .participant(update.id, $0) }
        }
        changes += negotiation.ended.map { .ended($0.id) }
        changes += negotiation.owed.map { .owed($0.component) }
        if file == .journal { changes += negotiation.subscribers.map(Change.subscriber) }
        records.add(changes, in: file, negotiation)
    }
}

// MARK: - How it went

extension Persistence {
    /// When a file that could not be written is tried again; nil while all is well.
    var nextDeadline: Instant? { earliest(journal.retryDeadline, state.retryDeadline) }

    mutating func retry(at now: Instant) {
        if let retryDeadline = journal.retryDeadline, retryDeadline <= now { journal.retry() }
        if let retryDeadline = state.retryDeadline, retryDeadline <= now { state.retry() }
    }

    /// What was written since this was asked last.
    mutating func takeCounts() -> [FileMetricsShape] {
        [journal.takeCounts(), state.takeCounts()]
    }

    /// Returns what there is to say about it.
    mutating func noteStored(
        _ file: StoredFile,
        _ failure: StorageFailure?,
        at now: Instant
    ) -> LogEntry? {
        let known: StorageFailure?
        switch file {
        case .journal: known = journal.noteStored(failure, at: now)
        case .state:
            known = state.noteStored(failure, at: now)
            if failure == nil { (entries, writtenMetrics) = ([], metrics) }
        }
        guard let failure else { return known.map { .writtenAgain(file, path: $0.path) } }
        return known?.code == failure.code ? nil : .notWritten(file, failure)
    }
}
