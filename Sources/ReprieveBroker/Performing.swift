// SPDX-License-Identifier: Apache-2.0

package import Negotiation
internal import ReprieveProtocol

// The negotiation's own, under names that the broker's do not hide.
typealias NegotiationEvent = Event
typealias NegotiationAction = Action

// From what the negotiation wants to frames in outboxes.

extension Broker {
    mutating func negotiate(_ event: NegotiationEvent, at now: Instant) {
        let before = minutes == nil ? nil : negotiation
        let actions = negotiation.handle(event, at: now)
        if let before { minutes?.append(Minute(event, actions, before, negotiation, at: now)) }
        for action in actions { perform(action) }
        tellLatecomers(after: actions)
        tell(event, actions, at: now)
    }

    private mutating func perform(_ action: NegotiationAction) {
        switch action {
        case .notify(let stream, let notice): notify(stream, notice)
        case .post(let stream, let post): self.post(stream, post)
        case .granted(let stream, let grant): self.grant(stream, grant)
        case .attached(let stream, let attachment): respond(stream, GateResponse(attachment))
        case .released(let stream, let release):
            send(GateEvent.released(ReleasedShape(release)), on: stream, isLast: true)
        case .refused(let stream, let withdrawal):
            send(GateEvent.refused(WithdrawnShape(withdrawal)), on: stream, isLast: true)
        case .cancelled(let stream, let withdrawal):
            send(GateEvent.cancelled(WithdrawnShape(withdrawal)), on: stream, isLast: true)
        case .done(let stream): respond(stream, Empty())
        case .failed(let stream, let refusal): fail(stream, ErrorShape(refusal))
        case .changed(let id):
            showing.changed(id)
            holders.areStale = true
            statusLine.changed()
        }
    }

    private mutating func notify(_ stream: StreamID, _ notice: Notice) {
        guard let index = peers.index(of: stream.peer) else { return }
        let frame = notices.frame(notice, stream.number) {
            notice.frame { peers[index].connection.send(stream.number, $0) }
        }
        send(frame, toPeerAt: index)
    }

    mutating func post(_ stream: StreamID, _ post: Post) {
        guard let index = peers.index(of: stream.peer) else { return }
        let frame = posts.frame(post, stream.number) {
            let event = ComponentEvent.postUpdate(PostUpdateEvent(post))
            return peers[index].connection.send(stream.number, event.encoded())
        }
        send(frame, toPeerAt: index)
    }

    private mutating func grant(_ stream: StreamID, _ grant: Grant) {
        guard let index = peers.index(of: stream.peer),
            let operation = peers[index].connection.takeRequest(stream.number)
        else { return }
        let frame = grants.frame(grant, stream.number) {
            let payload = DeferResponse(grant).encoded()
            return ServerConnection.response(to: operation, stream.number, payload)
        }
        send(frame, toPeerAt: index)
    }

    mutating func respond(_ stream: StreamID, _ shape: some Shape) {
        guard let index = peers.index(of: stream.peer) else { return }
        let frame = peers[index].connection.respond(stream.number, shape.encoded())
        send(frame, toPeerAt: index)
    }

    mutating func send(_ event: some Shape, on stream: StreamID, isLast: Bool = false) {
        guard let index = peers.index(of: stream.peer) else { return }
        let payload = event.encoded()
        let frame = peers[index].connection.send(stream.number, payload, isLast: isLast)
        send(frame, toPeerAt: index)
    }

    mutating func fail(_ stream: StreamID, _ error: ErrorShape) {
        guard let index = peers.index(of: stream.peer) else { return }
        actions.append(.note(.failed(peers[index].name, error.message)))
        send(peers[index].connection.fail(stream.number, error), toPeerAt: index)
    }

    mutating func send(_ frame: [UInt8], to id: PeerID) {
        if let index = peers.index(of: id) { send(frame, toPeerAt: index) }
    }

    /// Puts a frame into a peer's outbox. A peer that does not read is hung up on.
    mutating func send(_ frame: [UInt8], toPeerAt index: Int) {
        guard !frame.isEmpty else { return }
        let wasEmpty = peers[index].outbox.isEmpty
        peers[index].outbox.append(frame)
        if peers[index].outbox.count > peers[index].door.outboxLimit {
            actions.append(.note(.doesNotRead(peers[index].name)))
            actions.append(.close(peers.id(at: index)))
        } else if wasEmpty {
            actions.append(.write(peers.id(at: index)))
        }
    }

    /// Offers what waits for a peer to `write`, which says how many bytes it took. Returns whether
    /// all has left; if not, come back when the socket takes bytes again.
    package mutating func takeOutput(
        of id: PeerID,
        _ write: (Span<UInt8>) -> Int
    ) -> Bool {
        guard let index = peers.index(of: id) else { return true }
        peers[index].outbox.drain(write)
        return peers[index].outbox.isEmpty
    }
}
