// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation
internal import ReprieveProtocol

// From a peer's bytes to what they mean.

extension Broker {
    mutating func connect(
        _ id: PeerID,
        _ door: Door,
        _ credentials: Credentials,
        at now: Instant
    ) {
        let ofUser = peersOfUser[credentials.user, default: 0]
        peers.add(id, Peer(door, credentials))
        peersOfUser[credentials.user] = ofUser + 1
        guard peers.count <= settings.maximumPeers, ofUser < settings.maximumPeersOfUser else {
            actions.append(.note(.turnedAway(credentials.user, connections: ofUser)))
            return actions.append(.close(id))
        }
        impatience[id] = now + Limits.handshakeTimeout
    }

    mutating func hangUp(_ id: PeerID, at now: Instant) {
        guard let peer = peers.remove(id) else { return }
        impatience[id] = nil
        showing.forget(id)
        latecomers.forget(id)
        let ofUser = peersOfUser[peer.credentials.user, default: 1] - 1
        peersOfUser[peer.credentials.user] = ofUser == 0 ? nil : ofUser
        actions.append(.note(.hungUp(peer.name)))
        negotiate(.hungUp(id, component: peer.name), at: now)
    }

    /// Whoever had its time to speak, or to close, is hung up on.
    mutating func loseImpatience(at now: Instant) {
        for id in impatience.filter({ $0.value <= now }).keys.sorted() {
            impatience[id] = nil
            if peers[id]?.connection.phase == .awaitingConnect {
                actions.append(.note(.saidNothing))
            }
            actions.append(.close(id))
        }
    }

    mutating func receive(_ bytes: Span<UInt8>, from id: PeerID, at now: Instant) {
        guard let index = peers.index(of: id) else { return }
        peers[index].decoder.append(bytes)
        while let event = nextEvent(ofPeerAt: index) {
            if let event = event.value { handle(event, from: id, at: now) }
        }
    }

    /// The meaning of the peer's next whole frame; nil if there is none. A frame can mean nothing.
    private mutating func nextEvent(
        ofPeerAt index: Int
    ) -> (value: ServerConnection.Event?, Void)? {
        guard peers[index].connection.phase != .closing else { return nil }
        do {
            guard let frame = try peers[index].decoder.next() else { return nil }
            return (peers[index].connection.receive(frame), ())
        } catch {
            return (peers[index].connection.receive(error), ())
        }
    }

    private mutating func handle(
        _ event: ServerConnection.Event,
        from id: PeerID,
        at now: Instant
    ) {
        switch event {
        case .connect(let request): welcome(id, request, at: now)
        case .request(let stream, let operation, let payload):
            serve(Request(stream: StreamID(id, stream), operation, payload), at: now)
        case .closed(let stream, let operation, let reply):
            send(reply, to: id)
            end(StreamID(id, stream), operation, at: now)
        case .reply(let frame): send(frame, to: id)
        case .violation(let frame, let reason):
            send(frame, to: id)
            impatience[id] = now + Limits.lingerTimeout
            actions.append(.note(.violation(name(of: id), reason)))
        }
    }

    private mutating func welcome(_ id: PeerID, _ request: ConnectRequest?, at now: Instant) {
        guard let index = peers.index(of: id) else { return }
        let peer = peers[index]
        let identity = Identity(
            claiming: request,
            at: peer.door,
            peer.credentials,
            settings
        )
        switch identity {
        case .denied(let reason):
            impatience[id] = now + Limits.lingerTimeout
            actions.append(.note(.denied(peer.credentials, reason)))
            send(peers[index].connection.deny(), toPeerAt: index)
        case .component(let name, let token):
            peers[index].name = name
            peers[index].token = token
            accept(index)
        case .unnamed: accept(index)
        }
    }

    private mutating func accept(_ index: Int) {
        impatience[peers.id(at: index)] = nil
        actions.append(.note(.connected(peers[index].name)))
        send(peers[index].connection.accept(), toPeerAt: index)
    }

    private mutating func end(_ stream: StreamID, _ operation: Operation, at now: Instant) {
        switch operation {
        case .subscribeToComponentUpdates:
            latecomers.forget(stream)
            negotiate(.unsubscribed(stream, component: name(of: stream.peer)), at: now)
        case .gateUpdate: negotiate(.coordinatorLeft(stream), at: now)
        case .watchStatus: showing.forget(stream)
        default: break
        }
    }

    func name(of id: PeerID) -> ComponentName {
        peers[id]?.name ?? ""
    }
}
