// SPDX-License-Identifier: Apache-2.0

// Components coming and going in mid-negotiation.

extension Update {
    /// The first questions, to everyone subscribed.
    mutating func begin(
        _ subscriptions: Roll<[Subscription]>,
        _ turn: inout Turn
    ) {
        guard policy.notification == .notify else { return open(on: .skipped, &turn) }
        participants.reserveCapacity(subscriptions.count)
        turn.actions.reserveCapacity(2 * subscriptions.count)
        for (place, name) in subscriptions.names.enumerated() {
            let concerned = subscriptions.entries[place].filter { concerns($0) }
            if !concerned.isEmpty { welcome(name, concerned, &turn) }
        }
        let required = turn.settings.required.filter { concerns($0) }
        for name in Set(policy.require + required).sorted() {
            let isPresent = subscriptions.names.contains { Self.matches(name, $0) }
            if !isPresent { waitFor(name, &turn) }
        }
        if deadline <= turn.now { reachDeadline(&turn) } else { settle(&turn) }
    }

    /// Waits for a required component that is not there.
    private mutating func waitFor(_ name: ComponentName, _ turn: inout Turn) {
        let end = turn.now + policy.responseTimeout
        let budget = turn.settings.budget(of: name, policy)
        let isTime = min(policy.responseTimeout, budget) > .zero
        let participant = Participant(
            isTime ? .absent : .silent,
            at: turn.now,
            until: isTime ? end : nil,
            policy: policy,
            budget: budget
        )
        add(name, participant, &turn)
    }

    /// A new participant.
    private mutating func welcome(
        _ name: ComponentName,
        _ subscriptions: [Subscription],
        _ turn: inout Turn
    ) {
        var participant = Participant(
            .acknowledged,
            at: turn.now,
            until: nil,
            policy: policy,
            budget: turn.settings.budget(of: name, policy)
        )
        participant.seats = subscriptions.map { Participant.Seat($0) }
        add(name, participant, &turn)
        ask(name, &turn)
    }

    mutating func subscribed(_ subscription: Subscription, _ turn: inout Turn) {
        guard isWaiting, concerns(subscription.component) else { return }
        let name = subscription.component
        recognise(name, &turn)
        guard concerns(subscription) else { return excuse(arrived: name, &turn) }
        if participants[name] == nil {
            welcome(name, [subscription], &turn)
        } else {
            with(name, &turn) { participant in
                participant.seats.append(Participant.Seat(subscription))
                participant.isExcused = false
            }
            ask(arrived: subscription.stream, of: name, &turn)
        }
        if deadlineLastCall == nil {
            lastCall(name, seats: [subscription.stream], isFinal: true, &turn)
        }
        settle(&turn)
    }

    /// `require: [NAME]` waited for NAME, and UNIT/NAME is what came: they are one participant.
    private mutating func recognise(_ name: ComponentName, _ turn: inout Turn) {
        for placeholder in names(where: \.isPlaceholder)
        where placeholder != name && Self.matches(placeholder, name) {
            guard let participant = remove(placeholder), participants[name] == nil else { continue }
            turn.changes.note(placeholder, of: id)
            add(name, participant.limited(to: turn.settings.budget(of: name, policy)), &turn)
        }
    }

    /// Who subscribes is asked at once, unless its answer stands.
    private mutating func ask(
        arrived seat: StreamID,
        of name: ComponentName,
        _ turn: inout Turn
    ) {
        let isSecond = participants[name].map { $0.seats.count > 1 } ?? false
        switch participants[name]?.state {
        case .absent: ask(name, seats: [seat], &turn)
        case .acknowledged: ask(name, seats: [seat], isSecond: isSecond, &turn)
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
        leave(name, &turn) { $0.stream == stream }
    }

    mutating func hungUp(_ peer: PeerID, of name: ComponentName, _ turn: inout Turn) {
        guard isWaiting, participants[name] != nil else { return }
        with(name, &turn) { $0.orphanWord(of: peer) }
        leave(name, &turn) { $0.stream.peer == peer }
    }

    /// Subscriptions ended. If it blocks and these were its last, it may come back for a while.
    private mutating func leave(
        _ name: ComponentName,
        _ turn: inout Turn,
        _ hasEnded: (Participant.Seat) -> Bool
    ) {
        guard isWaiting, let participant = participants[name],
            participant.seats.contains(where: hasEnded)
        else { return }
        let now = turn.now
        let graceEnd = now + turn.settings.reconnectGrace
        with(name, &turn) { participant in
            participant.seats.removeAll(where: hasEnded)
            let isLast = participant.seats.isEmpty
            guard isLast, participant.state == .asked || participant.state == .deferred else {
                return
            }
            participant.enter(.away, until: graceEnd, at: now)
        }
        settle(&turn)
    }
}

extension Participant.Seat {
    init(_ subscription: Subscription) {
        self.init(
            stream: subscription.stream,
            confirm: subscription.confirm,
            process: subscription.process
        )
    }
}
