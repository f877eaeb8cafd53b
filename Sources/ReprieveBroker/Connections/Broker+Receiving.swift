// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation
internal import ReprieveProtocol
internal import Tokens

// From a peer's bytes to what they mean.

extension Broker {
    mutating func connect(
        _ id: PeerID,
        _ endpoint: Endpoint,
        _ credentials: Credentials,
        at now: Instant
    ) {
        let account = AccountID(endpoint, credentials)
        if let reason = whyRefused(account) {
            accounts.noteRefusal(account)
            auditLog.note(.refused(account, reason))
            effects.closes.append(id)
            return
        }
        let place = accounts.connect(account)
        peers.add(id, Peer(endpoint, credentials, account: place))
        closeAt(now + Limits.handshakeTimeout, peerAt: peers.count - 1)
    }

    /// The connection is over, whichever end ended it. Its outbox is offered to the socket once
    /// more. `isLost` says that the upstream ended it, and not the client.
    mutating func close(_ id: PeerID, isLost: Bool = false, at now: Instant) {
        if let index = peers.index(of: id) { closeUpstream(ofPeerAt: index) }
        guard let peer = peers.remove(id) else { return }
        if !peer.isStalled, !peer.outbox.isEmpty {
            effects.writes.append(PeerWrite(id, peer.outbox))
        }
        effects.closes.append(id)
        closing.replace(peer.closeDeadline, by: nil)
        statusPublisher.forget(id)
        lateSubscribers.forget(id)
        accounts.add(bytes: -peer.chargedBytes, to: peer.account)
        if !peer.isAccepted { accounts.endHandshake(peer.account) }
        accounts.disconnect(peer.account, isKept: peer.isKept)
        if peer.recorded != nil { persistence.noteConnection(id) }
        auditLog.note(.hungUp(peer.name))
        guard peer.isAccepted else { return }
        negotiate(
            isLost ? .lost(id, component: peer.name) : .hungUp(id, component: peer.name),
            at: now
        )
    }

    /// Closes connections that are known by a token that is no longer good. Other names stay.
    mutating func adopt(_ settings: BrokerSettings, at now: Instant) {
        self.settings = settings
        negotiation.settings = settings.negotiation
        updatesInhibition.isStale = true
        for id in peers.ids {
            guard let peer = peers[id], let token = peer.token,
                settings.tokens.component(of: token) != peer.name
            else { continue }
            auditLog.note(.revoked(peer.label))
            close(id, at: now)
        }
    }

    mutating func receive(_ bytes: [UInt8], from id: PeerID, at now: Instant) {
        guard let index = peers.index(of: id) else {
            return receiveFromUpstream(bytes, id, at: now)
        }
        guard peers[index].connection.phase != .closing else { return }
        peers[index].decoder.append(bytes)
        handleFrames(of: id, at: now)
    }

    /// Handles the frames that a peer has sent, until enough replies wait for it, or enough of its
    /// requests for the upstream. The other frames are handled when these have been read.
    mutating func handleFrames(of id: PeerID, toTheEnd: Bool = false, at now: Instant) {
        var hasTakenFrame = false
        while let index = peers.index(of: id), toTheEnd || !hasToWait(index),
            let next = nextEvent(ofPeerAt: index)
        {
            hasTakenFrame = true
            if let event = next.event { handle(event, next.frame, from: id, at: now) }
        }
        guard let index = peers.index(of: id) else { return }
        let waits = hasToWait(index) && peers[index].hasInput
        if waits != peers[index].isPaused {
            peers[index].isPaused = waits
            effects.pauses.append(PeerPause(peer: id, isPaused: waits))
        }
        limitFrameTime(ofPeerAt: index, hasTakenFrame: hasTakenFrame, at: now)
        noteRecord(ofPeerAt: index)
        chargeBytes(ofPeerAt: index, at: now)
    }

    private mutating func hasToWait(_ index: Int) -> Bool {
        peers[index].hasToRead || upstreamHasToRead(index)
    }

    /// The peer's next whole frame and its meaning; nil if there is none. A frame can mean nothing.
    private mutating func nextEvent(
        ofPeerAt index: Int
    ) -> (frame: Frame?, event: ServerConnection.Event?)? {
        switch peers[index].connection.phase {
        case .awaitingConnect, .open: break
        // While the upstream decides about its CONNECT, what follows waits.
        case .connecting, .closing: return nil
        }
        do {
            guard let frame = try peers[index].decoder.next() else { return nil }
            return (frame, peers[index].connection.receive(frame))
        } catch {
            return (nil, peers[index].connection.receive(error))
        }
    }

    private mutating func handle(
        _ event: ServerConnection.Event,
        _ frame: Frame?,
        from id: PeerID,
        at now: Instant
    ) {
        guard let index = peers.index(of: id) else { return }
        switch event {
        case .connect(let request): authenticate(request, index, at: now)
        case .request(let stream, let operation, let payload):
            serve(Request(stream: StreamID(id, stream), operation, payload), at: now)
        case .forward(let stream, let operation):
            if let frame { forward(frame, stream, operation, ofPeerAt: index) }
        case .closed(let stream, let operation, let reply):
            send(reply, toPeerAt: index)
            closeAtUpstream(stream, ofPeerAt: index)
            end(StreamID(id, stream), operation, at: now)
        case .reply(let frame): send(frame, toPeerAt: index)
        case .violation(let frame, let reason):
            send(frame, toPeerAt: index)
            closeUpstream(ofPeerAt: index)
            closeAt(now + Limits.lingerTimeout, peerAt: index)
            auditLog.note(.violation(peers[index].label, reason))
        }
    }

    private mutating func authenticate(
        _ request: ConnectRequest?,
        _ index: Int,
        at now: Instant
    ) {
        let peer = peers[index]
        let identity = Identity(claiming: request, at: peer.endpoint, peer.credentials, settings)
        if leavesToUpstream(request, identity, index, at: now) { return }
        switch identity {
        case .denied(let reason):
            let hasUnknown = request?.hasAuthToken ?? false
            deny(index, (hasUnknown ? "its token is not known, and " : "") + reason, at: now)
        case .component(let name, let token):
            peers[index].name = name
            peers[index].token = token
            accept(index, hasUnknownToken: token == nil && request?.hasToken ?? false, at: now)
        case .unnamed: accept(index, hasUnknownToken: request?.hasToken ?? false, at: now)
        }
    }

    mutating func deny(_ index: Int, _ reason: String, at now: Instant) {
        closeAt(now + Limits.lingerTimeout, peerAt: index)
        auditLog.note(.denied(peers[index].credentials, reason))
        send(peers[index].connection.deny(because: reason), toPeerAt: index)
    }

    mutating func accept(_ index: Int, hasUnknownToken: Bool = false, at now: Instant) {
        closeAt(nil, peerAt: index)
        peers[index].isAccepted = true
        peers[index].decoder.limits = peers[index].frameLimits
        accounts.endHandshake(peers[index].account)
        auditLog.note(.connected(peers[index].name))
        let accepted: [UInt8]
        if hasUnknownToken {
            auditLog.note(.unknownToken(peers[index].label))
            accepted = peers[index].connection.accept(although: "the token is not known")
        } else {
            accepted = peers[index].connection.accept()
        }
        send(accepted, toPeerAt: index)
        keepLater(at: now)
    }

    private mutating func end(_ stream: StreamID, _ operation: Operation, at now: Instant) {
        switch operation {
        case .subscribeToComponentUpdates:
            lateSubscribers.forget(stream)
            negotiate(.unsubscribed(stream, component: name(of: stream.peer)), at: now)
        case .gateUpdate:
            statusPublisher.remove(stream)
            negotiate(.coordinatorLeft(stream), at: now)
        case .watchStatus: statusPublisher.remove(stream)
        default: break
        }
    }

    func name(of id: PeerID) -> ComponentName {
        peers[id]?.name ?? ""
    }
}
