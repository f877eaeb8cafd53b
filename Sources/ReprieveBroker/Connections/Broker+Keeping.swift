// SPDX-License-Identifier: Apache-2.0

internal import EventStream
package import Negotiation
internal import ReprieveProtocol
internal import Tokens

// Connections that outlive the broker. The service manager keeps the descriptor of each, and the
// journal a record of it. A broker after this one takes a connection back if it has both.

/// What a record of a connection was made of. While it is the same, so is the record.
struct RecordedState: Equatable, Sendable {
    var changes: Int
    var bytes: Int
}

extension Broker {
    /// Has the service manager keep a connection that was accepted.
    mutating func keep(peerAt index: Int) {
        guard settings.keepsConnections else { return }
        let account = accounts[peers[index].account]
        guard account.kept < settings.keptLimit(of: account.id),
            accounts.kept < settings.keptRoom(for: account.id)
        else { return noteFullStore(account.id) }
        peers[index].isKept = true
        accounts.keep(peers[index].account)
        effects.keeps.append(peers.id(at: index))
    }

    private mutating func noteFullStore(_ account: AccountID) {
        guard !saidThatStoreIsFull, settings.limits.keptConnections > 0 else { return }
        saidThatStoreIsFull = true
        auditLog.note(.keepsNoMore(account, accounts.kept))
    }

    /// The broker is about to end in good order.
    mutating func stop() {
        isStopping = true
        persistence.flush()
        for index in 0..<peers.count { noteRecord(ofPeerAt: index) }
    }
}

extension BrokerSettings {
    private func isOwn(_ id: AccountID) -> Bool { id.endpoint == .control || id.user == user }

    fileprivate func keptLimit(of id: AccountID) -> Int {
        isOwn(id) ? limits.keptConnections : (limits.keptConnections + 3) / 4
    }

    fileprivate func keptRoom(for id: AccountID) -> Int {
        isOwn(id) ? limits.keptConnections : (limits.keptConnections * 3 + 3) / 4
    }
}

// MARK: - Records

extension Broker {
    mutating func noteRecord(of id: PeerID) {
        if let index = peers.index(of: id) { noteRecord(ofPeerAt: index) }
    }

    /// Has the record of a connection written again if it is out of date.
    mutating func noteRecord(ofPeerAt index: Int) {
        guard peers[index].isKept else { return }
        let state = stateToRecord(ofPeerAt: index)
        guard state != peers[index].recorded else { return }
        peers[index].recorded = state
        persistence.noteConnection(peers.id(at: index))
    }

    /// Has it written again although the connection's streams are the same.
    mutating func renewRecord(of id: PeerID) {
        if peers[id]?.recorded != nil { persistence.noteConnection(id) }
    }

    /// Nil where the connection cannot be taken back. In the middle of a frame it cannot, unless
    /// the broker ends in good order: to write down each part of a frame as it arrives would cost
    /// more than the frame.
    private func stateToRecord(ofPeerAt index: Int) -> RecordedState? {
        guard peers[index].connection.phase == .open else { return nil }
        let bytes = peers[index].keptBytes
        guard bytes == 0 || isStopping && bytes <= KeptConnection.maximumBytes else { return nil }
        return RecordedState(changes: peers[index].connection.changes, bytes: bytes)
    }

    /// The records of all connections that can be taken back.
    var records: [ConnectionRecord] {
        peers.ids.compactMap { id in record(of: id).map { (id, $0) } }
    }

    /// The connections that the next broker can take back.
    package var connectionsOnRecord: Set<PeerID> { Set(records.map(\.peer)) }

    func record(of id: PeerID) -> KeptConnection? {
        guard let peer = peers[id], peer.recorded != nil else { return nil }
        return KeptConnection(
            endpoint: peer.endpoint,
            credentials: peer.credentials,
            name: peer.name,
            token: peer.token?.hexadecimal,
            streams: peer.connection.streams.compactMap { stream(of: id, $0) },
            input: peer.decoder.waitingBytes,
            output: peer.isStalled ? peer.outbox.waitingBytes : []
        )
    }

    private func stream(
        of id: PeerID,
        _ stream: ServerConnection.Stream
    ) -> KeptConnection.Stream? {
        guard stream.operation.isStream else { return nil }
        var record = KeptConnection.Stream(number: stream.number, operation: stream.operation)
        let streamID = StreamID(id, stream.number)
        guard stream.operation == .subscribeToComponentUpdates else { return record }
        record.confirm = negotiation.isConfirm(streamID, of: name(of: id))
        record.awaitedPosts = lateSubscribers.updates(of: streamID)
        return record
    }
}

// MARK: - Taking back

extension Broker {
    /// Goes on with connections of the broker before this one, and closes the others that were
    /// kept.
    mutating func takeBack(
        _ connections: [PeerID: KeptConnection],
        among kept: [PeerID: Credentials],
        known: Int,
        at now: Instant
    ) {
        let ids = connections.keys.sorted()
        for id in ids { takeBack(id, connections[id] ?? .blank, at: now) }
        effects.closes += kept.keys.filter { connections[$0] == nil }.sorted()
        if known > 0 || !kept.isEmpty { auditLog.note(.tookBack(ids.count, of: known)) }
    }

    private mutating func takeBack(_ id: PeerID, _ connection: KeptConnection, at now: Instant) {
        let place = accounts.connect(AccountID(connection.endpoint, connection.credentials))
        accounts.endHandshake(place)
        accounts.keep(place)
        peers.add(id, Peer(connection, account: place))
        for stream in connection.streams { resume(stream, on: StreamID(id, stream.number)) }
        noteRecord(of: id)
        guard let index = peers.index(of: id) else { return }
        if !peers[index].outbox.isEmpty { awaitWrite(toPeerAt: index) }
        handleFrames(of: id, at: now)
    }

    private mutating func resume(_ stream: KeptConnection.Stream, on id: StreamID) {
        switch stream.operation {
        case .watchStatus: statusPublisher.add(id)
        case .gateUpdate:
            let update = negotiation.update(coordinatedOn: id)
            if let update { statusPublisher.add(id, of: update) }
        default:
            lateSubscribers.add(id, to: stream.awaitedPosts.filter { isUnderWay($0) })
        }
    }

    private func isUnderWay(_ id: DeploymentID) -> Bool {
        negotiation.updates[id].map { !$0.isWaiting } ?? false
    }
}

extension Peer {
    /// A connection that an earlier broker had accepted.
    fileprivate init(_ connection: KeptConnection, account: Int) {
        self.init(connection.endpoint, connection.credentials, account: account)
        isAccepted = true
        isKept = true
        name = connection.name
        token = connection.token.flatMap { SHA256(hexadecimal: $0) }
        decoder.limits = frameLimits
        decoder.append(connection.input)
        self.connection = ServerConnection(
            resuming: connection.streams.map { .init(number: $0.number, $0.operation) }
        )
        outbox.append(connection.output)
    }
}
