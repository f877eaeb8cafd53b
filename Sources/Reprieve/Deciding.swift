// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// What is answered to a notice.
extension Desk {
    mutating func noticed(_ notice: PreUpdateEvent) {
        let id = notice.deploymentID
        latelyEnded.removeAll { $0.deploymentID == id }
        var known = updates[id] ?? Known(notice, at: now)
        (known.notice, known.noticedAt) = (notice, now)
        known.forgetAt = now + Limits.update
        (known.isCurrent, known.isAnswered, known.isDue) = (true, false, true)
        (known.outcome, known.isReleased) = (nil, false)
        if notice.lastCall, let left = notice.timeLeft { known.endsAt = now + left }
        updates[id] = known
        warn(id)
        decide(id)
    }

    /// Says what there is to say about an update now, or has the component asked.
    mutating func decide(_ id: String) {
        guard let known = updates[id], known.isOpen else { return }
        guard isSubscribed else {
            updates[id]?.isDue = true
            return
        }
        if let why {
            say(id, Limits.onItsBehalf, why)
            return
        }
        switch known.stance {
        case .undecided: decideAfresh(id)
        case .thinking(let ticket, let notice, _):
            let due = coverAt(known)
            updates[id]?.stance = .thinking(ticket, notice, coverAt: due)
        case .ready(let ticket, _) where known.gaveFinal && !known.notice.isFinal:
            // Another component deferred in the final asking.
            goBack(id, ticket, .postponed)
        case .ready: acknowledge(id)
        case .goingBack: break
        }
    }

    private mutating func decideAfresh(_ id: String) {
        if hasAnswerer {
            think(id)
        } else if hasSpoken || now >= settlesAt ?? now {
            acknowledge(id)
        }
    }

    private mutating func think(_ id: String) {
        guard let known = updates[id] else { return }
        let ticket = Ticket(number: nextNumber())
        let notice = Notice(known.notice)
        let due = coverAt(known)
        updates[id]?.stance = .thinking(ticket, notice, coverAt: due)
        act(.ask(ticket, notice))
    }

    /// When a closure that still runs needs a deferral, lest it be taken for silent. As late as is
    /// safe: a deferral in a final asking sends everyone back to work.
    private func coverAt(_ known: Known) -> Moment? {
        guard !known.isAnswered else { return nil }
        let time = known.notice.respondByMs.map { Duration.milliseconds($0) } ?? Limits.response
        return known.noticedAt + time * 3 / 4
    }

    private mutating func acknowledge(_ id: String) {
        say(id, .zero, nil)
        guard case .ready(let ticket, _)? = updates[id]?.stance, let known = updates[id],
            known.isAnswered
        else { return }
        let waits = !known.notice.isFinal
        updates[id]?.stance = .ready(ticket, until: waits ? now + Limits.readiness : nil)
    }

    mutating func reconsider() {
        for id in ids where updates[id]?.stance == .undecided && updates[id]?.gaveFinal == false {
            decide(id)
        }
    }

    mutating func decided(_ ticket: Ticket, _ word: Word) {
        guard let (id, known, asked) = thinker(ticket) else { return }
        if let outcome = known.outcome {
            if word == .ready { return goBack(id, ticket, outcome) }
            updates[id] = nil
            return
        }
        updates[id]?.stance = .undecided
        switch word {
        case .defer(let time, let reason):
            if why == nil { say(id, time, reason) } else { decide(id) }
        case .could where why != nil: decide(id)
        case .could where known.notice.isFinal && !asked.isFinal: think(id)
        case .could where known.canBeAnswered: acknowledge(id)
        case .could, .ready:
            // What cannot be said now is said to the next notice.
            updates[id]?.stance = .ready(ticket, until: nil)
            decide(id)
        }
    }

    private func thinker(_ ticket: Ticket) -> (id: String, known: Known, asked: Notice)? {
        for (id, known) in updates {
            if case .thinking(ticket, let notice, _) = known.stance { return (id, known, notice) }
        }
        return nil
    }

    /// Has the component go on: the update is over, or others hold it back.
    mutating func goBack(_ id: String, _ ticket: Ticket, _ outcome: Outcome) {
        updates[id]?.stance = .goingBack(ticket)
        updates[id]?.gaveFinal = false
        act(.follow(ticket, outcome))
    }

    mutating func followed(_ ticket: Ticket) {
        guard let (id, known) = updates.first(where: { $0.value.stance == .goingBack(ticket) })
        else { return }
        guard known.outcome == nil else {
            updates[id] = nil
            return
        }
        updates[id]?.stance = .undecided
        if known.isDue, why == nil || !known.isAnswered { decide(id) }
    }

    mutating func ended(_ post: PostUpdateEvent) {
        let ended = EndedUpdate(post)
        if !latelyEnded.contains(ended) {
            latelyEnded = (latelyEnded + [ended]).suffix(Limits.endedUpdates)
            act(.publish(ended))
        }
        end(ended.deploymentID, ended.outcome)
    }

    mutating func end(_ id: String, _ outcome: Outcome) {
        updates[id]?.endsAt = nil
        for index in holds.indices { holds[index].warnedOf.remove(id) }
        switch updates[id]?.stance {
        case .undecided?: updates[id] = nil
        case .ready(let ticket, _)?:
            updates[id]?.outcome = outcome
            goBack(id, ticket, outcome)
        case .thinking?, .goingBack?: updates[id]?.outcome = outcome
        case nil: break
        }
        releaseHolds(thatWaitFor: id)
    }
}

extension PreUpdateEvent {
    /// Until the update goes ahead, whatever is said.
    var timeLeft: Duration? { (respondByMs ?? deadlineInMs).map { .milliseconds($0) } }
}
