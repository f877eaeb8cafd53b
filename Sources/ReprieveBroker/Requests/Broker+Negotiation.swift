// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

// The negotiation's own, under names that the broker's do not hide.
typealias NegotiationEvent = Event
typealias NegotiationAction = Action

// Between the negotiation and the rest: events go in, frames, records and log entries come out.

extension Broker {
    /// The only place where the negotiation is changed.
    mutating func negotiate(_ event: NegotiationEvent, at now: Instant) {
        let before = trace == nil ? nil : negotiation
        let consequences = negotiation.handle(event, at: now)
        if let before { trace?.append(TraceEntry(event, consequences, before, negotiation, now)) }
        persistence.note(consequences.changes)
        for action in consequences.actions { perform(action, at: now) }
        for decision in consequences.decisions {
            audit(decision, event, at: now)
            if case .ended(let update, let end) = decision {
                let post = end.ending.post(update.id)
                tellLateSubscribers(of: post, alreadyTold: consequences.actions)
            }
        }
    }

    private mutating func perform(_ action: NegotiationAction, at now: Instant) {
        switch action {
        case .notify(let stream, let notice): notify(stream, notice)
        case .post(let stream, let post): self.post(stream, post)
        case .granted(let stream, let grant): self.grant(stream, grant)
        case .attached(let stream, let attachment):
            respond(stream, GateResponse(attachment))
            statusPublisher.add(
                stream,
                of: attachment.deploymentID,
                participants: attachment.participants.count,
                at: now
            )
            if attachment.attached, let peer = peers[stream.peer] {
                auditLog.note(.joined(attachment.deploymentID, peer.credentials))
            }
        case .released(let stream, let release): end(stream, .released(ReleasedShape(release)))
        case .refused(let stream, let withdrawal): end(stream, .refused(WithdrawnShape(withdrawal)))
        case .cancelled(let stream, let withdrawal):
            end(stream, .cancelled(WithdrawnShape(withdrawal)))
        case .done(let stream): respond(stream, Empty())
        case .failed(let stream, let refusal): fail(stream, ErrorShape(refusal))
        case .changed(let id):
            statusPublisher.noteChange(of: id)
            updatesInhibition.isStale = true
            statusLine.changed()
        }
    }

    /// The end of a gate, for one coordinator.
    private mutating func end(_ stream: StreamID, _ event: GateEvent) {
        statusPublisher.remove(stream)
        send(event, on: stream, isLast: true)
    }

    private mutating func notify(_ stream: StreamID, _ notice: Notice) {
        guard let index = peers.index(of: stream.peer) else { return }
        let frame = noticeFrames.frame(notice, stream.number) {
            notice.frame { peers[index].connection.send(stream.number, $0) }
        }
        send(frame, toPeerAt: index)
    }

    mutating func post(_ stream: StreamID, _ post: Post) {
        guard let index = peers.index(of: stream.peer) else { return }
        let frame = postFrames.frame(post, stream.number) {
            let event = ComponentEvent.postUpdate(PostUpdateEvent(post))
            return peers[index].connection.send(stream.number, event.encoded())
        }
        send(frame, toPeerAt: index)
    }

    private mutating func grant(_ stream: StreamID, _ grant: Grant) {
        guard let index = peers.index(of: stream.peer),
            let operation = peers[index].connection.takeRequest(stream.number)
        else { return }
        let frame = grantFrames.frame(grant, stream.number) {
            let payload = DeferResponse(grant).encoded()
            return ServerConnection.response(to: operation, stream.number, payload)
        }
        send(frame, toPeerAt: index)
    }
}
