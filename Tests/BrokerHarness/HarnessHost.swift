// SPDX-License-Identifier: Apache-2.0

package import Negotiation
package import ReprieveBroker

/// The world below the performer: clients that read whole frames or pieces, two files, a log. It
/// fails where it is told to.
package struct HarnessHost: BrokerHost, Sendable {
    package internal(set) var clients: [PeerID: SimulatedClient] = [:]
    /// What the upstream is to broker's connections; nil where there is none at its socket.
    package var upstream: SimulatedUpstream?
    package internal(set) var files: [StoredFile: [UInt8]] = [:]
    package private(set) var log: [LogEntry] = []
    /// The least severe entries that are kept in `log`.
    package var logLevel = LogEntry.Level.debug
    package internal(set) var work = Work()
    /// What the broker told the service manager, the latest last.
    package private(set) var statusLines: [String] = []
    package private(set) var inhibition = Inhibition()
    package private(set) var wakeUp: Instant?
    /// Files that cannot be written.
    package var failingFiles: Set<StoredFile> = []
    /// Files that have to be replaced at their next record.
    package var refusingFiles: Set<StoredFile> = []
    /// The broker's process dies after so many more operations; nil lets it live. A write that it
    /// dies in is cut in the middle.
    package var operationsLeft: Int?
    /// The broker's process dies when it is about to write to a peer.
    package var diesAtWrite = false
    /// The process behind each connection.
    package var credentials: [PeerID: Credentials] = [:]
    /// The connections that the service manager keeps.
    package private(set) var kept: Set<PeerID> = []
    /// Those of them that the broker works for in this turn.
    private var marked: Set<PeerID> = []
    private var isJournalBehind = false
    /// The connections that the next broker finds.
    var found: FoundConnections {
        let upstreams = upstream?.clients ?? [:]
        return FoundConnections(
            clients: credentials,
            upstreams: Dictionary(uniqueKeysWithValues: upstreams.map { ($0.value, $0.key) })
        )
    }

    /// How often each peer was closed.
    package private(set) var closes: [PeerID: Int] = [:]

    package init() {}

    /// The host of the next broker: the files are what they were, and the clients are gone whose
    /// connections were not kept.
    init(after host: HarnessHost, losing lost: Set<PeerID> = []) {
        files = host.files
        logLevel = host.logLevel
        work = host.work
        kept = host.survivors.subtracting(lost)
        upstream = host.upstream?.keeping(kept)
        clients = host.clients.filter { kept.contains($0.key) }
        for peer in clients.keys { clients[peer]?.isPaused = false }
        credentials = host.credentials.filter { kept.contains($0.key) }
    }

    /// The connections that the next broker can take back.
    package var survivors: Set<PeerID> { isJournalBehind ? [] : kept.subtracting(marked) }

    package mutating func markWork(for peer: PeerID) {
        if !isDead, kept.contains(peer) { marked.insert(peer) }
    }

    package mutating func markDone(but stalled: [PeerID]) {
        if !isDead { marked.formIntersection(stalled) }
    }

    package mutating func keep(_ peer: PeerID) {
        if next() == .whole { kept.insert(peer) }
    }

    package var isDead: Bool { operationsLeft.map { $0 < 0 } ?? false }

    /// Whether an operation is done whole, in half, or not at all.
    private enum Extent {
        case whole
        case half
        case none
    }

    private mutating func next() -> Extent {
        guard let left = operationsLeft else { return .whole }
        operationsLeft = max(-1, left - 1)
        return left > 0 ? .whole : left == 0 ? .half : .none
    }

    private mutating func failIfFull(_ file: StoredFile) throws(StorageFailure) {
        let isFull = failingFiles.contains(file)
        if file == .journal, !isDead { isJournalBehind = isFull }
        guard isFull else { return }
        throw StorageFailure(code: 28, path: file.rawValue, message: "disk full")
    }

    package mutating func append(
        _ record: [UInt8],
        to file: StoredFile
    ) throws(StorageFailure) -> Bool {
        try failIfFull(file)
        if refusingFiles.remove(file) != nil || files[file] == nil { return false }
        switch next() {
        case .whole: files[file]? += record
        case .half: files[file]? += record.prefix(record.count / 2)
        case .none: break
        }
        work.stored += record.count
        return true
    }

    package mutating func replace(
        _ file: StoredFile,
        with bytes: [UInt8],
        keepsOld: Bool
    ) throws(StorageFailure) {
        try failIfFull(file)
        work.stored += bytes.count
        // All or nothing: it is written beside the file, and takes its place when it is whole.
        if case .whole = next() { files[file] = bytes }
    }

    package mutating func openUpstream(
        at path: String,
        for client: PeerID
    ) -> UpstreamOpening {
        guard next() == .whole, let opening = upstream?.open(for: client) else {
            return .failed("cannot connect to \(path)")
        }
        return opening
    }

    package mutating func write(_ bytes: Span<UInt8>, to peer: PeerID) -> Int {
        if diesAtWrite { operationsLeft = -1 }
        let extent = next()
        work.writes += 1
        guard extent != .none else { return bytes.count }
        let offered = extent == .whole ? bytes : bytes.extracting(0..<bytes.count / 2)
        if let count = upstream?.take(offered, from: peer) { return count }
        guard let count = clients[peer]?.take(offered) else { return bytes.count }
        work.sent += count
        return count
    }

    package mutating func pause(_ peer: PeerID, _ isPaused: Bool) {
        guard next() == .whole else { return }
        clients[peer]?.isPaused = isPaused
        upstream?.connections[peer]?.isPaused = isPaused
    }

    package mutating func close(_ peer: PeerID) {
        guard next() == .whole else { return }
        closes[peer, default: 0] += 1
        clients[peer] = nil
        kept.remove(peer)
        upstream?.close(peer)
    }

    package mutating func log(_ entry: LogEntry) {
        guard next() == .whole, entry.level >= logLevel else { return }
        work.logged += 1
        log.append(entry)
    }

    package mutating func show(statusLine: String) {
        guard next() == .whole else { return }
        work.logged += 1
        statusLines.append(statusLine)
    }

    package mutating func inhibit(_ inhibition: Inhibition) { self.inhibition = inhibition }

    package mutating func freeMemory() {}

    package mutating func wakeUp(at instant: Instant?) { wakeUp = instant }
}
