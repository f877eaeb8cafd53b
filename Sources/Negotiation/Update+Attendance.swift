// SPDX-License-Identifier: Apache-2.0

// Components that subscribe, unsubscribe and hang up.

extension Update {
    /// Asks every subscribed component that the update concerns.
    mutating func begin(
        _ subscriptions: SortedMap<[Subscription]>,
        _ returning: ReturningComponents,
        _ handling: inout Handling
    ) {
        guard policy.notification == .notify else { return open(on: .skipped, &handling) }
        reserveParticipants(subscriptions.count)
        handling.reserve(components: subscriptions.count)
        for (place, name) in subscriptions.names.enumerated() {
            let known = subscriptions.entries[place]
            let areConcerned = known.allSatisfy { concerns($0) }
            let concerned = areConcerned ? known : known.filter { concerns($0) }
            guard !concerned.isEmpty else { continue }
            welcome(name, concerned, returning: returning, &handling)
        }
        let required = handling.settings.required(byShutdown: request.isShutdown)
            .filter { concerns($0) }
        let unmet = handling.settings.unmet(
            requested.required.union(required),
            by: subscriptions.names
        )
        for name in unmet.sorted() { waitFor(name, &handling) }
        // A deadline of 0: all are told, and none is waited for.
        guard deadline > handling.now else { return reachDeadline(&handling) }
        for name in returning.names where concerns(name) && participants[name] == nil {
            waitForReturn(of: name, returning, &handling)
        }
        settle(&handling)
    }

    /// Adds a component that was subscribed when the broker died, and may be back in a moment.
    private mutating func waitForReturn(
        of name: ComponentName,
        _ returning: ReturningComponents,
        _ handling: inout Handling
    ) {
        var participant = Participant(
            .away,
            at: handling.now,
            until: returning.until,
            policy: policy,
            budget: budget(of: name, handling.settings)
        )
        participant.returning = returning.processes(of: name, beside: 0)
        add(name, participant, &handling)
    }

    /// Adds a component that is subscribed, and asks it.
    private mutating func welcome(
        _ name: ComponentName,
        _ subscriptions: [Subscription],
        returning: ReturningComponents = ReturningComponents(),
        _ handling: inout Handling
    ) {
        var participant = Participant(
            .acknowledged,
            at: handling.now,
            until: nil,
            policy: policy,
            budget: budget(of: name, handling.settings)
        )
        participant.blockedBefore = min(
            blocked(byUnitOf: name, at: handling.now),
            participant.budget
        )
        participant.subscribers = subscriptions.map { Participant.Subscriber($0) }
        participant.returning = returning.processes(of: name, beside: subscriptions.processCount)
        participant.takeQuestion(
            isFinal: isFinal(ofVeto: participant.isVeto),
            responseTimeout: policy.responseTimeout,
            at: handling.now
        )
        let place = add(name, participant, &handling)
        tellQuestion(name, at: place, &handling)
    }

    mutating func subscribed(_ subscription: Subscription, _ handling: inout Handling) {
        guard isWaiting, concerns(subscription.component) else { return }
        let name = subscription.component
        recognise(name, &handling)
        guard concerns(subscription) else { return excuse(arrived: name, &handling) }
        if participants[name] == nil {
            welcome(name, [subscription], &handling)
        } else {
            let now = handling.now
            let isNews = with(name, &handling) { $0.join(subscription, at: now) }
            ask(arrived: subscription.stream, of: name, &handling)
            let isDeferred = participants[name]?.deferralEnd(at: now) != nil
            if isNews, isDeferred { tell(name, streams: [subscription.stream], &handling) }
        }
        if isEnding {
            if participants[name]?.question.isFinal == false { askVetoFinally(name, &handling) }
            lastCall(name, streams: [subscription.stream], isFinal: true, &handling)
        }
        settle(&handling)
    }

    /// A component that subscribes again is asked at once, unless its answer stands.
    private mutating func ask(
        arrived stream: StreamID,
        of name: ComponentName,
        _ handling: inout Handling
    ) {
        let isSecond = participants[name].map { $0.subscribers.count > 1 } ?? false
        switch participants[name]?.state {
        case .absent: ask(name, streams: [stream], &handling)
        case .acknowledged: ask(name, streams: [stream], isSecond: isSecond, &handling)
        case .asked, .silent: askAgain(name, stream, &handling)
        // It returns after a restart of the broker, and was not asked yet.
        case .away where participants[name]?.rounds == 0:
            ask(name, streams: [stream], &handling)
        case .away, .gone: welcomeBack(name, stream, &handling)
        case .deferred, .overridden, nil: break
        }
    }

    private mutating func welcomeBack(
        _ name: ComponentName,
        _ stream: StreamID,
        _ handling: inout Handling
    ) {
        let now = handling.now
        let deadline = deadline
        with(name, &handling) { participant in
            if let end = participant.deferralEnd(at: now) {
                participant.enter(.deferred, until: end, at: now)
            } else if !participant.question.isAnswered {
                let answerBy = participant.question.answerBy
                let hasTime =
                    min(answerBy, deadline) > now && participant.budgetLeft(at: now) > .zero
                participant.enter(
                    hasTime ? .asked : .silent,
                    until: hasTime ? answerBy : nil,
                    at: now
                )
            }
        }
        // A veto's time may be over: then nothing is final any more.
        noteSilence(&handling)
        if participants[name]?.state != .deferred { askAgain(name, stream, &handling) }
    }

    /// Sends one more subscription the standing question, or the next one where that was answered.
    private mutating func askAgain(
        _ name: ComponentName,
        _ stream: StreamID,
        _ handling: inout Handling
    ) {
        if participants[name]?.question.isAnswered ?? false {
            ask(name, streams: [stream], &handling)
        } else {
            repeatQuestion(name, to: stream, &handling)
        }
    }

    /// Subscriptions that outlived the broker. Those of a component that was asked finally were.
    mutating func reinstate(_ subscriptions: SortedMap<[Subscription]>) {
        guard isWaiting else { return }
        for place in participants.places {
            let known = subscriptions[participants.names[place]] ?? []
            let concerned = known.filter { concerns($0) }
            let isFinal = participants.entries[place].question.isFinal
            if isFinal, finalQuestionsAsk { askedFinally.formUnion(concerned.map(\.stream)) }
            reinstate(concerned, at: place)
        }
    }

    mutating func unsubscribed(
        _ stream: StreamID,
        of name: ComponentName,
        _ handling: inout Handling
    ) {
        leave(name, &handling) { $0.stream == stream }
    }

    mutating func hungUp(_ peer: PeerID, of name: ComponentName, _ handling: inout Handling) {
        guard isWaiting, participants[name] != nil else { return }
        with(name, &handling) { $0.detachDeferral(of: peer) }
        leave(name, &handling) { $0.stream.peer == peer }
    }

    /// The connection was lost through no fault of the component's. With its last one a component
    /// keeps what it keeps when the broker dies, and so does each process.
    mutating func lost(_ peer: PeerID, of name: ComponentName, _ handling: inout Handling) {
        guard isWaiting, let participant = participants[name] else { return }
        let lost = participant.subscribers.filter { $0.stream.peer == peer }
        guard let process = lost.first?.process else { return hungUp(peer, of: name, &handling) }
        let (now, graceEnd) = (handling.now, handling.now + handling.settings.reconnectGrace)
        let isLast = lost.count == participant.subscribers.count
        with(name, &handling) { participant in
            if isLast {
                participant.loseLast(until: graceEnd, at: now)
            } else {
                participant.lose(peer, of: process, until: graceEnd, at: now)
            }
        }
        settle(&handling)
    }

    /// Subscriptions ended. A component that blocks and has no other may reconnect for a while.
    private mutating func leave(
        _ name: ComponentName,
        _ handling: inout Handling,
        _ hasEnded: (Participant.Subscriber) -> Bool
    ) {
        guard isWaiting, let participant = participants[name],
            participant.subscribers.contains(where: hasEnded)
        else { return }
        let now = handling.now
        let graceEnd = now + handling.settings.reconnectGrace
        let verdict = with(name, &handling) { participant in
            let verdict = participant.lose(hasEnded, at: now)
            let isLast = participant.subscribers.isEmpty
            guard isLast, participant.waitsForReturn else { return verdict }
            if participant.isVeto { participant.withdrawConsent() }
            participant.enter(.away, until: graceEnd, at: now)
            return verdict
        }
        follow(verdict, of: name, &handling)
        settle(&handling)
    }
}

extension Participant {
    /// One more subscription. While a deferral runs its process is asked only once that is over.
    /// Returns whether the process knows of the update only if it is told now: it is new, and the
    /// deferral is another one's.
    fileprivate mutating func join(_ subscription: Subscription, at now: Instant) -> Bool {
        welcomeBack(subscription.process)
        let isNew = !isThere(subscription.process)
        let isAnothers = detachedOwner.map { $0 != subscription.process } ?? !subscribers.isEmpty
        subscribers.append(Subscriber(subscription))
        isExcused = false
        noteReturn()
        if isNew, state == .deferred || deferralEnd(at: now) != nil {
            hear(.toBeAsked, of: subscription.process, at: now)
        }
        return isNew && isAnothers
    }

    /// Whether the end of its last subscription matters.
    fileprivate var waitsForReturn: Bool {
        switch state {
        case .asked, .deferred: true
        case .acknowledged, .silent: isVeto
        case .absent, .away, .gone, .overridden: false
        }
    }
}

extension Participant.Subscriber {
    init(_ subscription: Subscription) {
        self.init(
            stream: subscription.stream,
            confirm: subscription.confirm,
            process: subscription.process
        )
    }
}
