// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// What happened to one update.
struct UpdateHistory: Hashable, Sendable {
    let rules: [ComponentRule]
    var request: UpdateRequest
    /// Those that are attached, with their processes.
    var coordinators: [StreamID: Int32] = [:]
    /// Components that might still return after a restart when it was announced.
    var returning: Set<ComponentName> = []
    /// The coordinator that was told to make the update.
    var maker: StreamID?
    /// Until when, after a death of the broker, only a coordinator that was there before makes it.
    var makerReturnsUntil: Instant?
    /// The processes of those that left last, until another one attaches.
    var former: Set<Int32> = []
    /// The processes that are asked from now on, since their coordinators have left.
    var freed: Set<Int32> = []
    /// That of the coordinator that makes the update.
    var makerProcess: Int32 = 0
    /// The components that were sent a notice, and the subscriptions that were sent a post.
    var told: Set<ComponentName> = []
    var posted: Set<StreamID> = []
    /// Subscriptions that had acknowledged it for good when its gate opened.
    var ready: Set<StreamID> = []
    /// When the update must end at the latest, with a coordinator and without one.
    var deadline: Instant
    var unattendedUntil: Instant?
    /// Time blocked in all, and awake without an answer since the last one.
    var used: [ComponentName: Duration] = [:]
    var wordless: [ComponentName: Duration] = [:]
    var blockers: [ComponentName] = []
    /// Ends of granted deferrals.
    var granted: [ComponentName: Instant] = [:]
    /// The processes of each component that have deferred.
    var deferrers: [ComponentName: Set<Int32>] = [:]
    /// When each process of a component last said 0.
    var consents: [ComponentName: [Int32: Instant]] = [:]
    /// Subscriptions that were sent a final notice since the last deferral, and its round; the
    /// processes that answered it.
    var finals: Set<StreamID> = []
    /// When the first of them was sent: what was fresh then counts.
    var finalAskingSince: Instant?
    var finalRounds: [ComponentName: Int64] = [:]
    var sure: [ComponentName: Set<Int32>] = [:]
    var rounds: [ComponentName: Int64] = [:]
    /// How many final questions each component was sent, and how many it brought about itself: by
    /// a deferral or a new subscription.
    var finalCounts: [ComponentName: Int] = [:]
    var ownFinals: [ComponentName: Int] = [:]
    /// Deferrals that sent other components back to work.
    var breaks = 0
    /// Final askings that another update ended.
    var interruptions = 0
    /// Vetoes of a coordinator's own process, which is not asked.
    var excusedVetoes: Set<ComponentName> = []
    /// The updates that conflict and were under way when this one opened, as it was allowed to.
    var openedBeside: Set<DeploymentID> = []
    /// The components that had their budget's last call, and the subscriptions that had the
    /// deadline's, which is due at `callAt`.
    var warned: Set<ComponentName> = []
    var called: Set<StreamID> = []
    var callAt: Instant
    /// The components whose connections the upstream ended since they last said something.
    var bereft: Set<ComponentName> = []
    /// Those of which a process was lost that acts on a final notice.
    var bereftOfActing: Set<ComponentName> = []
    var restarts = 0
    var sleeps = 0
    var asleep: Duration = .zero

    var policy: Policy { request.policy }

    init(_ request: UpdateRequest, _ rules: [ComponentRule], at now: Instant) {
        self.rules = rules
        self.request = request
        let policy = request.policy
        self.deadline = now + policy.deadline
        self.callAt = deadline - min(policy.responseTimeout, policy.deadline / 2)
    }

    /// Whether a subscription may be told of the update: it is named, or no component is; it is not
    /// a coordinator's own; and the update does not skip the components.
    func concerns(_ subscription: Subscription) -> Bool {
        let wanted = request.components ?? []
        let isNamed =
            wanted.isEmpty
            || (wanted + policy.require).contains(where: subscription.component.answers)
        let isExcused = request.excused.contains(subscription.stream)
        return isNamed && !isOwn(subscription) && !isExcused && policy.notification == .notify
    }

    func isOwn(_ subscription: Subscription) -> Bool {
        subscription.process != 0
            && (coordinators.values.contains(subscription.process)
                || former.contains(subscription.process))
    }

    func budget(of name: ComponentName) -> Duration {
        min(policy.maxTotalDefer, rules.lastWord(on: name, \.maxTotalDefer) ?? policy.maxTotalDefer)
    }

    mutating func account(for passed: Duration, _ event: Event, at now: Instant) {
        for name in blockers {
            used[name, default: .zero] += passed
            switch event {
            // Nothing was asked while the device slept or the broker was dead.
            case .slept, .restarted: continue
            default: break
            }
            // A deferral counts as an answer for as long as it was granted.
            let granted = max(.zero, min(passed, (granted[name] ?? now - passed) - (now - passed)))
            if granted > .zero { noteWord(of: name) }
            wordless[name, default: .zero] += passed - granted
        }
    }

    /// The component answered, or was asked something else.
    mutating func noteWord(of name: ComponentName) {
        wordless[name] = .zero
        bereft.remove(name)
    }

    mutating func check(
        _ transition: Transition,
        _ subscriptions: [StreamID: Subscription],
        _ settings: Settings
    ) -> [String] {
        noteInterruption(transition, subscriptions, settings)
        let makers = objectToMakers(transition)
        defer {
            noteReady(transition, subscriptions)
            forgetConsents(transition, subscriptions)
            freed = []
        }
        let misheard = hearNotices(transition, subscriptions, settings)
        noteEarlyEnd(transition)
        noteAnswer(transition, subscriptions)
        let objections =
            makers + misheard + objectToRelease(transition, subscriptions)
            + objectToStatus(transition, settings) + objectToRestart(transition)
            + objectToWelcome(transition, subscriptions) + objectToNames(transition, subscriptions)
            + objectToLastCalls(transition, subscriptions)
            + objectToHearing(transition, subscriptions)
            + objectToPestering(transition, subscriptions)
            + objectToUnrest(transition, subscriptions, settings)
        return objections.map { "\(request.deploymentID): \($0)" }
    }

    /// To be called before `check`, and before what is sent is looked at.
    mutating func listen(to transition: Transition, _ settings: Settings) {
        let now = transition.now
        let there = coordinators
        switch transition.event {
        case .coordinatorLeft(let stream): coordinators[stream] = nil
        case .hungUp(let peer, _): coordinators = coordinators.filter { $0.key.peer != peer }
        case .lost(_, let name):
            bereft.insert(name)
            let before = transition.before.updates[request.deploymentID]
            if before?.participants[name]?.isConfirm ?? false { bereftOfActing.insert(name) }
        case .restarted:
            let wasOpen = transition.before.updates[request.deploymentID]?.opening != nil
            let lost = wasOpen ? [] : coordinators.values.filter { $0 != 0 }
            former.formUnion(lost)
            coordinators = [:]
            ready = []
            request.excused = []
            restarts += 1
            unattendedUntil = now + settings.reconnectGrace
            let isOpen = transition.before.updates[request.deploymentID]?.opening != nil
            makerReturnsUntil = isOpen ? unattendedUntil : nil
        case .slept(let asleep):
            sleeps += 1
            self.asleep += asleep
            if deadline > now - asleep, deadline <= now {
                deadline = now + policy.responseTimeout
                (callAt, called) = (now, [])
            }
            unattendedUntil = unattendedUntil.map { $0 + asleep }
            makerReturnsUntil = makerReturnsUntil.map { $0 + asleep }
        default: break
        }
        if !coordinators.isEmpty { unattendedUntil = nil }
        if !there.isEmpty, coordinators.isEmpty {
            unattendedUntil = now + settings.reconnectGrace
        }
        noteLeaving(there, transition)
    }
}

// MARK: - Notices and answers

extension UpdateHistory {
    private mutating func hearNotices(
        _ transition: Transition,
        _ subscriptions: [StreamID: Subscription],
        _ settings: Settings
    ) -> [String] {
        var objections: [String] = []
        // A deferral comes before what it brings about.
        if transition.grant.map({ $0.granted > .zero }) ?? false,
            transition.isAbout(request.deploymentID)
        {
            hearDeferral(transition, subscriptions, settings)
        }
        for case .notify(let stream, let notice) in transition.actions
        where notice.deploymentID == request.deploymentID {
            guard let name = subscriptions[stream]?.component else { continue }
            told.insert(name)
            if notice.lastCall, notice.final, vetoes(transition).contains(name) {
                (rounds[name], finalRounds[name]) = (notice.round, notice.round)
            }
            guard !notice.lastCall else { continue }
            let step = notice.round - rounds[name, default: 0]
            if step < 0 || step > 1 { objections.append("a round was skipped or came again") }
            if step > 0 { noteWord(of: name) }
            rounds[name] = notice.round
            guard notice.final else { continue }
            if let process = subscriptions[stream]?.process { sure[name]?.remove(process) }
            finalAskingSince = finalAskingSince ?? transition.now
            // Shortly before the deadline each question to a veto is final.
            let isLate = callAt <= transition.now && vetoes(transition).contains(name)
            if !finals.insert(stream).inserted, !isLate {
                objections.append("2: a subscription was asked finally twice")
            }
            finalRounds[name] = notice.round
        }
        return objections
    }

    /// Who is asked has still to say 0.
    private mutating func forgetConsents(
        _ transition: Transition,
        _ subscriptions: [StreamID: Subscription]
    ) {
        for case .notify(let stream, let notice) in transition.actions
        where notice.deploymentID == request.deploymentID && !notice.lastCall {
            guard let one = subscriptions[stream] else { continue }
            consents[one.component]?[one.process] = nil
        }
    }

    private mutating func noteAnswer(
        _ transition: Transition,
        _ subscriptions: [StreamID: Subscription]
    ) {
        guard transition.isAbout(request.deploymentID), let grant = transition.grant,
            case .answered(let answer) = transition.event,
            transition.before.updates[answer.deploymentID]?.isWaiting ?? false
        else { return }
        let name = answer.component
        noteWord(of: name)
        guard answer.deferral > .zero else {
            // Any process speaks for one that is alone.
            let processes = Set(
                subscriptions.values.filter { $0.component == name }.map(\.process)
            )
            let heard = processes.count < 2 ? processes.union([answer.process]) : [answer.process]
            let isFinal = answer.round != nil && finalRounds[name] == answer.round
            if isFinal { sure[name, default: []].formUnion(heard) }
            for process in heard { consents[name, default: [:]][process] = transition.now }
            return
        }
        deferrers[name, default: []].insert(answer.process)
        // Of several connections' deferrals the longest holds.
        let end = transition.now + grant.granted
        granted[name] = max(end, granted[name] ?? end)
    }
}

extension Transition {
    fileprivate func isAbout(_ id: DeploymentID) -> Bool {
        if case .answered(let answer) = event { answer.deploymentID == id } else { false }
    }

    fileprivate var grant: Grant? {
        for case .granted(_, let grant) in actions { return grant }
        return nil
    }
}
