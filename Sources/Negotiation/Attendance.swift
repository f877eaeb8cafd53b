// SPDX-License-Identifier: Apache-2.0

// Components coming and going in mid-negotiation.

extension Update {
    /// The first questions, to everyone subscribed.
    mutating func begin(_ subscriptions: [ComponentName: [Subscription]], _ turn: inout Turn) {
        guard policy.notification == .notify else { return open(on: .skipped, &turn) }
        for name in subscriptions.keys.sorted() {
            let concerned = subscriptions[name, default: []].filter { concerns($0) }
            if !concerned.isEmpty { welcome(name, concerned, &turn) }
        }
        for name in Set(policy.require).sorted() where !isPresent(name) { waitFor(name, &turn) }
        if deadline <= turn.now { reachDeadline(&turn) } else { settle(&turn) }
    }

    private func isPresent(_ required: ComponentName) -> Bool {
        participants.keys.contains { Self.matches(required, $0) }
    }

    /// Waits for a required component that is not there.
    private mutating func waitFor(_ name: ComponentName, _ turn: inout Turn) {
        let end = turn.now + policy.responseTimeout
        let isTime = min(policy.responseTimeout, policy.maxTotalDefer) > .zero
        let state: Participant.State = isTime ? .absent : .silent
        let until = isTime ? end : nil
        add(name, Participant(state, at: turn.now, until: until, policy: policy), &turn)
    }

    /// A new participant.
    private mutating func welcome(
        _ name: ComponentName,
        _ subscriptions: [Subscription],
        _ turn: inout Turn
    ) {
        var participant = Participant(.acknowledged, at: turn.now, until: nil, policy: policy)
        participant.seats = subscriptions.map { Participant.Seat($0) }
        add(name, participant, &turn)
        ask(name, &turn)
    }

    mutating func subscribed(_ subscription: Subscription, _ turn: inout Turn) {
        guard policy.notification == .notify, concerns(subscription) else { return }
        let name = subscription.component
        guard isWaiting else { return seat(subscription, &turn) }
        recognise(name, &turn)
        if participants[name] == nil {
            welcome(name, [subscription], &turn)
        } else {
            seat(subscription, &turn)
            ask(arrived: subscription.stream, of: name, &turn)
        }
        if deadlineLastCall == nil {
            lastCall(name, seats: [subscription.stream], isFinal: true, &turn)
        }
        settle(&turn)
    }

    private mutating func seat(_ subscription: Subscription, _ turn: inout Turn) {
        guard participants[subscription.component] != nil else { return }
        with(subscription.component, &turn) { $0.seats.append(Participant.Seat(subscription)) }
    }

    /// `require: [NAME]` waited for NAME, and UNIT/NAME is what came: they are one participant.
    private mutating func recognise(_ name: ComponentName, _ turn: inout Turn) {
        guard participants[name] == nil else { return }
        let awaited = names { $0.question.round == 0 && $0.seats.isEmpty }
        guard let placeholder = awaited.first(where: { Self.matches($0, name) }),
            let participant = participants.removeValue(forKey: placeholder)
        else { return }
        derived.discount(participant, deadline: deadline)
        add(name, participant, &turn)
    }

    /// Who subscribes is asked at once, unless its answer stands.
    private mutating func ask(
        arrived seat: StreamID,
        of name: ComponentName,
        _ turn: inout Turn
    ) {
        switch participants[name]?.state {
        case .absent, .acknowledged: ask(name, seats: [seat], &turn)
        case .asked, .silent: repeatQuestion(name, to: seat, &turn)
        case .away, .gone: welcomeBack(name, seat, &turn)
        case .deferred, .overridden, nil: break
        }
    }

    private mutating func welcomeBack(
        _ name: ComponentName,
        _ seat: StreamID,
        _ turn: inout Turn
    ) {
        let now = turn.now
        let isAnswered = with(name, &turn) { participant in
            if let end = participant.deferralEnd(at: now) {
                participant.enter(.deferred, until: end, at: now)
            } else if !participant.question.isAnswered {
                let answerBy = participant.question.answerBy
                let hasTime = answerBy > now && participant.budgetLeft(at: now) > .zero
                participant.enter(
                    hasTime ? .asked : .silent,
                    until: hasTime ? answerBy : nil,
                    at: now
                )
            }
            return participant.question.isAnswered
        }
        switch participants[name]?.state {
        case .deferred: break
        default:
            if isAnswered {
                ask(name, seats: [seat], &turn)
            } else {
                repeatQuestion(name, to: seat, &turn)
            }
        }
    }

    mutating func unsubscribed(
        _ stream: StreamID,
        of name: ComponentName,
        _ turn: inout Turn
    ) {
        guard let participant = participants[name],
            participant.seats.contains(where: { $0.stream == stream })
        else { return }
        with(name, &turn) { $0.seats.removeAll { $0.stream == stream } }
        leaveIfAlone(name, &turn)
        settle(&turn)
    }

    mutating func hungUp(_ peer: PeerID, of name: ComponentName, _ turn: inout Turn) {
        guard participants[name] != nil else { return }
        with(name, &turn) { participant in
            participant.orphanWord(of: peer)
            participant.seats.removeAll { $0.stream.peer == peer }
        }
        leaveIfAlone(name, &turn)
        settle(&turn)
    }

    /// Its last subscription ended: if it blocks, it may come back for a while.
    private mutating func leaveIfAlone(_ name: ComponentName, _ turn: inout Turn) {
        guard isWaiting, let participant = participants[name], participant.seats.isEmpty,
            participant.state == .asked || participant.state == .deferred
        else { return }
        let graceEnd = turn.now + turn.settings.reconnectGrace
        let now = turn.now
        with(name, &turn) { $0.enter(.away, until: graceEnd, at: now) }
    }
}

extension Participant.Seat {
    init(_ subscription: Subscription) {
        self.init(stream: subscription.stream, confirm: subscription.confirm)
    }
}
