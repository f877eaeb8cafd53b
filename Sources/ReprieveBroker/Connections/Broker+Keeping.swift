// SPDX-License-Identifier: Apache-2.0

internal import EventStream
package import Negotiation
internal import ReprieveProtocol
internal import Tokens

// Connections that outlive the broker. The service manager keeps the descriptor of each, and the
// journal a record of it. A broker after this one takes a connection back if it has both.

/// What a record of a connection was made of. While it is the same, so is the record.
struct RecordedState: Equatable, Sendable {
    /// Changes of its streams.
    var changes: Int
    var isWhole: Bool
    /// That are written down of the middle of a frame.
    var bytes: Int
}

extension Broker {
    /// A connection was accepted. It is kept a moment later, if it is still there: most are of a
    /// command that soon ends, and to keep one costs the service manager more than the broker.
    mutating func keepLater(at now: Instant) {
        guard settings.keepsConnections, keepDeadline == nil else { return }
        keepDeadline = now + Limits.keepInterval
    }

    mutating func keepWhatIsDue(at now: Instant) {
        guard let due = keepDeadline, due <= now else { return }
        keepNewcomers()
    }

    /// Has the service manager keep the connections that were accepted since.
    private mutating func keepNewcomers() {
        keepDeadline = nil
        for index in 0..<peers.count where peers[index].isAccepted && !peers[index].isKept {
            keep(peerAt: index)
            noteRecord(ofPeerAt: index)
        }
    }

    private mutating func keep(peerAt index: Int) {
        let account = accounts[peers[index].account]
        // The connection to the upstream goes with that of its client: neither is of use alone.
        let connections = [peers.id(at: index)] + (peers[index].upstream.map { [$0] } ?? [])
        guard mayKeep(connections.count, of: account) else { return noteFullStore(account.id) }
        peers[index].isKept = true
        for _ in connections { countKept(ofPeerAt: index) }
        effects.keeps += connections
    }

    private mutating func countKept(ofPeerAt index: Int) {
        let place = peers[index].account
        accounts.keep(place, isOwn: settings.isOwn(accounts[place].id))
    }

    /// No account uses up the store: the broker's own user has half of it, and the others have a
    /// quarter, in which an account takes what it finds. Of the last quarter each account has a
    /// small share.
    private func mayKeep(_ count: Int, of account: Account) -> Bool {
        let (most, kept) = (settings.limits.keptConnections, accounts.kept)
        let isOwn = settings.isOwn(account.id)
        let keptOfClass = isOwn ? kept - accounts.keptOfOthers : accounts.keptOfOthers
        let limit = isOwn ? most : (most + 3) / 4
        let hasRoom = (isOwn ? 2 : 4) * keptOfClass < most
        let share = hasRoom ? limit : min(limit, max(1, most / 64))
        return kept + count <= most && keptOfClass < (most * 3 + 3) / 4
            && account.kept + count <= share
    }

    private mutating func noteFullStore(_ account: AccountID) {
        guard !saidThatStoreIsFull, settings.limits.keptConnections > 0 else { return }
        saidThatStoreIsFull = true
        auditLog.note(.keepsNoMore(account, accounts.kept))
    }

    /// The broker is about to end in good order.
    mutating func stop() {
        isStopping = true
        if keepDeadline != nil { keepNewcomers() }
        persistence.flush()
        for index in 0..<peers.count { noteRecord(ofPeerAt: index) }
    }
}

extension BrokerSettings {
    fileprivate func isOwn(_ id: AccountID) -> Bool {
        id.endpoint == .control || id.user == user
    }
}

// MARK: - Records

extension Broker {
    mutating func noteRecord(of id: PeerID) {
        if let index = peers.index(of: id) { noteRecord(ofPeerAt: index) }
    }

    /// Has the record of a connection written again if it is out of date. One that is not kept has
    /// a record once it has opened a stream: the next broker has to know what it lost. One that is
    /// kept has it for as long as it lives, also where no more are kept.
    mutating func noteRecord(ofPeerAt index: Int) {
        let hasRecord = peers[index].isKept || peers[index].recorded != nil
        guard settings.keepsConnections || hasRecord else { return }
        let state = stateToRecord(ofPeerAt: index)
        guard state != peers[index].recorded else { return }
        peers[index].recorded = state
        persistence.noteConnection(peers.id(at: index))
    }

    /// Has it written again although the connection's streams are the same.
    mutating func renewRecord(of id: PeerID) {
        if peers[id]?.recorded != nil { persistence.noteConnection(id) }
    }

    /// Nil where it has no record. In the middle of a frame a connection is not whole, unless the
    /// broker ends in good order: to write down each part of a frame as it arrives would cost more
    /// than the frame.
    private mutating func stateToRecord(ofPeerAt index: Int) -> RecordedState? {
        let changes = peers[index].connection.changes
        guard peers[index].isAccepted, peers[index].isKept || changes > 0 else { return nil }
        let keptBytes = peers[index].keptBytes + keptUpstreamBytes(ofPeerAt: index)
        let bytes = isStopping && keptBytes <= KeptConnection.maximumBytes ? keptBytes : 0
        let isOpen = peers[index].isKept && peers[index].connection.phase == .open
        guard isOpen, keptBytes == bytes, let more = upstreamChanges(ofPeerAt: index) else {
            return RecordedState(changes: changes, isWhole: false, bytes: 0)
        }
        return RecordedState(changes: changes + more, isWhole: true, bytes: bytes)
    }

    /// The records of all connections.
    var records: [ConnectionRecord] {
        peers.ids.compactMap { id in record(of: id).map { (id, $0) } }
    }

    /// The connections that the next broker can take back.
    package var connectionsOnRecord: Set<PeerID> {
        Set(records.lazy.filter { $0.connection?.isWhole ?? false }.map(\.peer))
    }

    func record(of id: PeerID) -> KeptConnection? {
        guard let peer = peers[id], let state = peer.recorded else { return nil }
        return KeptConnection(
            endpoint: peer.endpoint,
            credentials: peer.credentials,
            name: peer.name,
            token: peer.token?.hexadecimal,
            streams: peer.connection.streams.compactMap { stream(of: id, $0) },
            latestStream: peer.connection.latestStream,
            upstream: peer.upstream.flatMap { upstreamRecord(of: $0, state) },
            isWhole: state.isWhole,
            input: state.bytes > 0 ? peer.decoder.waitingBytes : [],
            output: state.bytes > 0 && peer.isStalled ? peer.outbox.waitingBytes : []
        )
    }

    private func upstreamRecord(of id: PeerID, _ state: RecordedState) -> KeptUpstream? {
        guard state.isWhole, let peer = upstreams.peers[id] else { return nil }
        var record = KeptUpstream(id, at: peer.socket, peer.connection)
        guard state.bytes > 0 else { return record }
        record.input = peer.decoder.waitingBytes
        record.output = peer.isStalled ? peer.outbox.waitingBytes : []
        return record
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
    /// Goes on with connections of the broker before this one, of as many as it knew. What was kept
    /// of the others is closed.
    mutating func takeBack(
        _ connections: [PeerID: KeptConnection],
        among kept: FoundConnections,
        known: Int,
        at now: Instant
    ) {
        for (id, connection) in connections.sorted(by: { $0.key < $1.key }) {
            takeBack(id, connection, at: now)
        }
        let ofUpstream = kept.upstreams.filter { connections[$0.key] == nil }.values
        effects.closes += kept.clients.keys.filter { connections[$0] == nil }.sorted()
        effects.closes += ofUpstream.sorted()
        guard known > 0 || !kept.clients.isEmpty else { return }
        auditLog.note(.tookBack(connections.count, of: known))
    }

    private mutating func takeBack(_ id: PeerID, _ connection: KeptConnection, at now: Instant) {
        let place = accounts.connect(AccountID(connection.endpoint, connection.credentials))
        accounts.endHandshake(place)
        peers.add(id, Peer(connection, account: place))
        countKept(ofPeerAt: peers.count - 1)
        takeBackUpstream(connection.upstream, ofPeerAt: peers.count - 1)
        for stream in connection.streams {
            resume(stream, on: StreamID(id, stream.number), at: now)
        }
        noteRecord(of: id)
        guard let index = peers.index(of: id) else { return }
        if !peers[index].outbox.isEmpty { awaitWrite(toPeerAt: index) }
        handleFrames(of: id, at: now)
        if let upstream = connection.upstream { handleUpstreamFrames(of: upstream.peer, at: now) }
    }

    private mutating func takeBackUpstream(_ kept: KeptUpstream?, ofPeerAt index: Int) {
        guard let kept else { return }
        accounts.addUpstream(peers[index].account)
        countKept(ofPeerAt: index)
        peers[index].upstream = kept.peer
        upstreams.peers.add(kept.peer, UpstreamPeer(kept, of: peers.id(at: index)))
        upstreams.noteAccepted(at: upstreams.peers.count - 1)
        if !kept.output.isEmpty { awaitUpstreamWrite(at: upstreams.peers.count - 1) }
    }

    private mutating func resume(
        _ stream: KeptConnection.Stream,
        on id: StreamID,
        at now: Instant
    ) {
        switch stream.operation {
        case .watchStatus: statusPublisher.add(id, at: now)
        case .gateUpdate:
            let update = negotiation.update(coordinatedOn: id)
            if let update { statusPublisher.add(id, of: update, at: now) }
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
        largestForwarded = connection.upstream?.largestForwarded ?? 0
        decoder.limits = frameLimits
        decoder.append(connection.input)
        self.connection = ServerConnection(
            resuming: connection.streams.map { .init(number: $0.number, $0.operation) },
            latest: connection.latestStream,
            hasUpstream: connection.upstream != nil
        )
        outbox.append(connection.output)
    }
}
