// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// What the oracle knows of one update.
struct GateAccount: Hashable, Sendable {
    let rules: [ComponentRule]
    var request: UpdateRequest
    var deadline: Instant
    var accounts: [ComponentName: ComponentAccount] = [:]
    /// Those that are attached, with their processes, which are not asked.
    var coordinators: [StreamID: Int32] = [:]
    /// The processes of those that left last: they may be back in a moment.
    var former: Set<Int32> = []
    /// The components that are asked because their coordinator has left, in one event.
    var readmitted: Set<ComponentName> = []
    var unattendedUntil: Instant?
    var isForced = false
    /// Deferrals that sent others back to work.
    var breaks = 0
    /// A deadline takes effect when time passes, or when a coordinator attaches.
    var canBeLate = true
    var verdict: Oracle.Verdict = .shut(by: [])
    let announced: Instant
    /// When the deadline's last call is due, and whether it was given.
    var callAt: Instant
    var isEnding = false
    /// The component or the update by which the deadline refuses it.
    var refusedBy: String?
    /// Who blocked at the deadline, while no coordinator was there.
    var blockedAtDeadline: ComponentName?
    /// Its final asking keeps those of others from beginning.
    var hasTurn = false
    /// The coordinator that makes it, and when it is over without one.
    var holder: StreamID?
    var heldUntil: Instant?
    /// When it ends without a completion.
    var openUntil: Instant?
    var overAt: Instant?

    var policy: Policy { request.policy }
    var isShut: Bool { if case .shut = verdict { true } else { false } }

    init(
        _ request: UpdateRequest,
        _ subscriptions: [Subscription],
        _ process: Int32,
        _ rules: [ComponentRule],
        _ returning: ReturningAccount,
        at now: Instant
    ) {
        self.rules = rules
        self.request = request
        announced = now
        deadline = now + request.policy.deadline
        callAt = deadline - min(request.policy.responseTimeout, request.policy.deadline / 2)
        guard request.policy.notification == .notify else {
            verdict = .open(.skipped)
            return
        }
        former = [process]
        for subscription in subscriptions
        where !isOwn(subscription) && !request.excused.contains(subscription.stream) {
            arrive(subscription, at: now)
        }
        for name in required
        where !subscriptions.contains(where: { $0.component.meets(name, rules) }) {
            add(name, at: now)
        }
        let wanted = request.components ?? []
        for name in returning.names where accounts[name] == nil && deadline > now {
            let isNamed = (wanted + policy.require).contains(where: name.answers)
            guard wanted.isEmpty || isNamed else { continue }
            add(name, at: now)
            accounts[name]?.isReturning = true
            accounts[name]?.isOut = false
            accounts[name]?.graceUntil = returning.until
        }
        for name in accounts.keys where deadline > now {
            let count = returning.processes[name, default: 0]
            if count > 1 { accounts[name]?.expect(count, until: returning.until) }
        }
    }

    func isOwn(_ subscription: Subscription) -> Bool {
        let process = subscription.process
        return process != 0 && (former.contains(process) || coordinators.values.contains(process))
    }

    mutating func arrive(_ subscription: Subscription, at now: Instant) {
        let wanted = request.components ?? []
        let name = subscription.component
        guard wanted.isEmpty || (wanted + policy.require).contains(where: name.answers)
        else { return }
        // The component was waited for by the last part of its name.
        for (other, account) in accounts where account.isPlaceholder && name.meets(other, rules) {
            accounts[other] = nil
            guard accounts[name] == nil else { continue }
            accounts[name] = account
            if let less = lesserBudget(of: name, than: other) {
                accounts[name]?.budget = min(account.budget, less)
            }
        }
        if isOwn(subscription) {
            accounts[name]?.excuse(isThere: true, at: now)
            return
        }
        add(name, at: now)
        accounts[name]?.welcomeBack(subscription.process)
        if let account = accounts[name], account.state == .deferred || account.holds(at: now),
            !account.processes.contains(subscription.process)
        {
            accounts[name]?.unasked.insert(subscription.process)
        }
        accounts[name]?.subscriptions[subscription.stream] = subscription
        accounts[name]?.isExcused = false
        if accounts[name]?.isExpecting == false { accounts[name]?.expected = 0 }
        guard let account = accounts[name], account.graceUntil != nil else { return }
        accounts[name]?.graceUntil = nil
        // Nothing was asked yet: its time begins now.
        if account.isReturning, !account.isTold { return }
        if account.isOpen {
            let isLate = min(account.answerBy, deadline) <= now
            accounts[name]?.isOut = isLate || account.isUsedUp
        }
    }

    private mutating func add(_ name: ComponentName, at now: Instant) {
        guard accounts[name] == nil else { return }
        var account = ComponentAccount(
            answerBy: now + policy.responseTimeout,
            budget: budget(of: name)
        )
        account.isVeto = rules.isVeto(name, in: request)
        account.used = min(blockedByUnit(of: name), account.budget)
        account.isOut = min(policy.responseTimeout, account.budget) <= .zero
        accounts[name] = account
    }

    /// Whether it is the same request again, as it was sent.
    func isRepeated(by other: UpdateRequest) -> Bool {
        other.deploymentID == request.deploymentID && other.asSent == request.asSent
    }

    mutating func leave(_ name: ComponentName, until end: Instant, _ isGone: (StreamID) -> Bool) {
        guard let account = accounts[name], account.subscriptions.keys.contains(where: isGone)
        else { return }
        let subscriptions = account.subscriptions.filter { !isGone($0.key) }
        accounts[name]?.subscriptions = subscriptions
        accounts[name]?.part(from: account.processes)
        guard subscriptions.isEmpty, let account = accounts[name] else { return }
        if account.blocks, !account.isOut { accounts[name]?.graceUntil = end }
        accounts[name]?.leaveAsVeto(until: end)
    }

    mutating func take(
        _ answer: Answer,
        granted: Duration,
        _ settings: Settings,
        at now: Instant
    ) {
        guard let account = accounts[answer.component], !account.isCut else { return }
        if answer.deferral == .zero {
            accounts[answer.component]?.agree(answer, at: now)
        } else {
            let hold = hold(of: answer.component, settings)
            // A deferral that a cap cut is reported in whole milliseconds, but holds to the cap.
            let asked = min(
                max(answer.deferral, settings.minimumDeferral, hold),
                maxDefer(of: answer.component)
            )
            let cap = min(account.budget - account.used, deadline - now)
            let end = now + (granted < asked ? cap : granted)
            accounts[answer.component]?.object(answer, until: end)
            accounts[answer.component]?.hasFinalWord = false
            if hold > .zero { accounts[answer.component]?.heldUntil = min(now + hold, end) }
            endFinalAsking(by: answer.component, settings)
        }
    }

    /// A component has taken its word back: the others go back to work, which counts, except in the
    /// last final asking.
    mutating func endFinalAsking(by name: ComponentName, _ settings: Settings) {
        let isBreak = isBreak(name)
        if isBreak, isLastFinalAsking(settings) {
            accounts[name]?.goBackToWork()
            return
        }
        if isBreak {
            breaks += 1
            accounts[name]?.breaks += 1
        }
        takeWordsBack()
    }

    /// Whether a deferral would send another component back to work.
    private func isBreak(_ name: ComponentName) -> Bool {
        accounts.contains { $0.key != name && $0.value.mayHaveActed }
    }

    private func isLastFinalAsking(_ settings: Settings) -> Bool {
        breaks + 1 >= settings.maximumFinalAskings
    }

    /// For how long no answer lifts a deferral: it breaks a final asking.
    func hold(of name: ComponentName, _ settings: Settings) -> Duration {
        guard isBreak(name), !isLastFinalAsking(settings) else { return .zero }
        return accounts[name]?.hold(policy.responseTimeout) ?? .zero
    }

    /// Opens the gate if neither a component nor an update blocks it any more, or if it is time.
    mutating func judge(
        _ settings: Settings,
        _ holders: (underway: [DeploymentID], asking: [DeploymentID]),
        at now: Instant
    ) {
        openUntil = openUntil ?? (isShut ? nil : now + settings.completionLimit)
        guard isShut else { return }
        let blockers = accounts.filter { $0.value.blocks }.keys.sorted()
        verdict = .shut(by: blockers)
        guard unattendedUntil == nil, overAt == nil else { return }
        let isLate = canBeLate && deadline <= now
        if isLate, !isForced {
            refusedBy = request.isShutdown ? nil : holders.underway.first ?? refuser
            if refusedBy != nil {
                verdict = .refused
                return
            }
        }
        let isHeld = !(holders.underway + holders.asking).isEmpty
        if isForced || isLate { cutBlockers(at: now) }
        if !isForced, isRefusedForSilence {
            verdict = .refused
        } else if isForced || isLate || blockers.isEmpty && !isHeld {
            verdict = .open(basis(isHeld: isHeld, at: now))
            openUntil = now + settings.completionLimit
        }
    }

    private var isSilent: Bool { accounts.values.contains { $0.isOut && !$0.isVeto } }

    private var isRefusedForSilence: Bool {
        let isMissing = accounts.contains { name, account in
            account.isMissing && !account.isVeto && required.contains { name.meets($0, rules) }
        }
        return policy.onSilence == .refuse && isSilent || policy.onAbsence == .refuse && isMissing
    }

    private func basis(isHeld: Bool, at now: Instant) -> Basis {
        if isForced { return .forced }
        let isCapped = accounts.values.contains { $0.isCut }
        if deadline <= now, isCapped || isSilent || isHeld { return .deadline }
        return isCapped ? .capped : isSilent ? .silence : .consent
    }
}

extension ComponentName {
    /// Whether it is the required NAME, or UNIT/NAME where a rule begins with that unit.
    func meets(_ name: ComponentName, _ rules: [ComponentRule]) -> Bool {
        let unit = unit + "/"
        return self == name
            || answers(to: name)
                && rules.contains { $0.pattern.hasPrefix(unit) && $0.matches(self) }
    }

    var unit: Substring { prefix { $0 != "/" } }

    /// Whether it is NAME, or UNIT/NAME.
    func answers(to name: ComponentName) -> Bool {
        self == name || split(separator: "/").dropFirst().joined(separator: "/") == name
    }
}
