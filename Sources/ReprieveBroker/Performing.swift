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
    }

    private mutating func perform(_ action: NegotiationAction) {
        switch action {
        case .notify(let stream, let notice): notify(stream, notice)
        case .post(let stream, let post):
            send(ComponentEvent.postUpdate(PostUpdateEvent(post)), on: stream)
        case .granted(let stream, let grant): respond(stream, DeferResponse(grant))
        case .attached(let stream, let attachment): respond(stream, GateResponse(attachment))
        case .released(let stream, let release):
            actions.append(.note(.released(release)))
            send(GateEvent.released(ReleasedShape(release)), on: stream, isLast: true)
        case .refused(let stream, let withdrawal):
            actions.append(.note(.withdrawn(withdrawal)))
            send(GateEvent.refused(WithdrawnShape(withdrawal)), on: stream, isLast: true)
        case .cancelled(let stream, let withdrawal):
            actions.append(.note(.withdrawn(withdrawal)))
            send(GateEvent.cancelled(WithdrawnShape(withdrawal)), on: stream, isLast: true)
        case .done(let stream): respond(stream, Empty())
        case .failed(let stream, let refusal): fail(stream, ErrorShape(refusal))
        case .changed(let id): showing.changed(id)
        }
    }

    private mutating func notify(_ stream: StreamID, _ notice: Notice) {
        guard let index = peers.index(forKey: stream.peer) else { return }
        let frame = press.frame(notice, stream.number) { payload in
            peers.values[index].connection.send(stream.number, payload)
        }
        send(frame, to: stream.peer)
    }

    mutating func respond(_ stream: StreamID, _ shape: some Shape) {
        guard let frame = peers[stream.peer]?.connection.respond(stream.number, shape.encoded())
        else { return }
        send(frame, to: stream.peer)
    }

    mutating func send(_ event: some Shape, on stream: StreamID, isLast: Bool = false) {
        let payload = event.encoded()
        guard
            let frame = peers[stream.peer]?.connection
                .send(stream.number, payload, isLast: isLast)
        else { return }
        send(frame, to: stream.peer)
    }

    mutating func fail(_ stream: StreamID, _ error: ErrorShape) {
        guard let frame = peers[stream.peer]?.connection.fail(stream.number, error) else { return }
        actions.append(.note(.failed(name(of: stream.peer), error.message)))
        send(frame, to: stream.peer)
    }

    /// Puts a frame into a peer's outbox. A peer that does not read is hung up on.
    mutating func send(_ frame: [UInt8], to id: PeerID) {
        guard !frame.isEmpty, let index = peers.index(forKey: id) else { return }
        let wasEmpty = peers.values[index].outbox.isEmpty
        peers.values[index].outbox.append(frame)
        if peers.values[index].outbox.count > peers.values[index].outboxLimit {
            actions.append(.note(.doesNotRead(name(of: id))))
            actions.append(.close(id))
        } else if wasEmpty {
            actions.append(.write(id))
        }
    }

    /// Offers what waits for a peer to `write`, which says how many bytes it took. Returns whether
    /// all has left; if not, come back when the socket takes bytes again.
    package mutating func takeOutput(
        of id: PeerID,
        _ write: (Span<UInt8>) -> Int
    ) -> Bool {
        guard let index = peers.index(forKey: id) else { return true }
        peers.values[index].outbox.drain(write)
        return peers.values[index].outbox.isEmpty
    }
}
