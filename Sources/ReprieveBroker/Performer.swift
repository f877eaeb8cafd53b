// SPDX-License-Identifier: Apache-2.0

package import Negotiation

/// The operations of the system that a broker needs. Each is done at once.
package protocol BrokerHost {
    /// Adds a record behind what a file holds. Returns false where the file has to be replaced
    /// instead: it is not there, has become too long, or was changed by another process.
    mutating func append(_ record: [UInt8], to file: StoredFile) throws(StorageFailure) -> Bool
    /// Puts bytes in the place of what a file holds, all or nothing.
    mutating func replace(
        _ file: StoredFile,
        with bytes: [UInt8],
        keepsOld: Bool
    ) throws(StorageFailure)
    /// The broker begins to work for a peer. If it dies before that is done, the next broker does
    /// not know how far it came, and does not take the connection back. A host marks a peer also
    /// before it reads from its socket.
    mutating func markWork(for peer: PeerID)
    /// The work for all peers is done but for those whose sockets did not take all.
    mutating func markDone(but stalled: [PeerID])
    /// Has the service manager keep a connection for the next broker.
    mutating func keep(_ peer: PeerID)
    /// Connects to the upstream for a peer, and gives the connection a number of its own, under
    /// which it is a peer like others.
    mutating func openUpstream(at path: String, for client: PeerID) -> UpstreamOpening
    /// Writes to a peer's socket, and returns how many bytes it took: fewer than all where it is
    /// full, and `.writable` follows when it no longer is; all where it is broken, and `.hungUp`
    /// follows once what the peer had sent before is read.
    mutating func write(_ bytes: Span<UInt8>, to peer: PeerID) -> Int
    /// Has no `.received` come of a peer from now on, or has it come again. Its `.hungUp` comes in
    /// any case, and what it had sent comes before that.
    mutating func pause(_ peer: PeerID, _ isPaused: Bool)
    mutating func close(_ peer: PeerID)
    mutating func log(_ entry: LogEntry)
    mutating func show(statusLine: String)
    mutating func inhibit(_ inhibition: Inhibition)
    mutating func freeMemory()
    /// Has `.timePassed` come at an instant, and not at the one before.
    mutating func wakeUp(at instant: Instant?)
}

// A host without a service manager: each connection ends with its broker.
extension BrokerHost {
    package mutating func markWork(for peer: PeerID) {}
    package mutating func markDone(but stalled: [PeerID]) {}
    package mutating func keep(_ peer: PeerID) {}
}

/// Carries out what a broker decides, in the order of its effects. This is the only place where
/// that is done; hosts only say how.
package struct Performer<Host: BrokerHost> {
    // The first field: its place does not depend on what the host is, and so needs no look-up.
    package var host: Host
    package private(set) var broker: Broker

    package init(_ broker: Broker, on host: Host) {
        self.broker = broker
        self.host = host
    }

    /// Takes what happened, and returns when there is nothing left to do but to wait.
    package mutating func turn(_ inputs: [Broker.Input], at reading: Reading) {
        var inputs = inputs
        repeat {
            let effects = broker.step(inputs, at: reading)
            inputs = perform(effects)
        } while !inputs.isEmpty
        host.markDone(but: [])
    }

    /// Returns how it went.
    private mutating func perform(_ effects: Effects) -> [Broker.Input] {
        var results: [Broker.Input] = []
        results.reserveCapacity(effects.storage.count + effects.writes.count)
        for write in effects.writes { host.markWork(for: write.peer) }
        for write in effects.storage { results.append(.stored(write.file, store(write))) }
        for peer in effects.keeps { host.keep(peer) }
        for open in effects.opens {
            let opening = host.openUpstream(at: open.path, for: open.client)
            results.append(.upstreamOpened(opening, for: open.client))
        }
        var stalled: [PeerID] = []
        for write in effects.writes {
            let count = write.withBytes { host.write($0, to: write.peer) }
            if count < write.count { stalled.append(write.peer) }
            results.append(.wrote(count, to: write.peer))
        }
        host.markDone(but: stalled)
        for pause in effects.pauses { host.pause(pause.peer, pause.isPaused) }
        for peer in effects.closes { host.close(peer) }
        for entry in effects.log { host.log(entry) }
        if let line = effects.statusLine { host.show(statusLine: line) }
        host.inhibit(effects.inhibition)
        if effects.freesMemory { host.freeMemory() }
        host.wakeUp(at: effects.wakeUp)
        return results
    }

    private mutating func store(_ write: StorageWrite) -> StorageFailure? {
        do throws(StorageFailure) {
            var keepsOldFile = false
            switch write.kind {
            case .append(let record): if try host.append(record, to: write.file) { return nil }
            case .replace(let keepsOld): keepsOldFile = keepsOld
            }
            let snapshot = broker.snapshot(of: write.file)
            try host.replace(write.file, with: snapshot, keepsOld: keepsOldFile)
            return nil
        } catch {
            return error
        }
    }

    /// Has the broker keep a trace of its negotiation from now on.
    package mutating func keepTrace() { broker.trace = [] }

    package mutating func takeTrace() -> [TraceEntry] {
        defer { broker.trace = [] }
        return broker.trace ?? []
    }
}

extension Performer: Sendable where Host: Sendable {}
