// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// What the oracle knows of one update.
struct Gate: Hashable, Sendable {
    var request: UpdateRequest
    var deadline: Instant
    var people: [ComponentName: Person] = [:]
    var coordinators: Set<StreamID> = []
    /// The coordinators' own processes, which are not asked.
    var processes: Set<Int32> = []
    var unattendedUntil: Instant?
    var isForced = false
    /// A deadline takes effect when time passes, or when a coordinator comes.
    var canBeLate = true
    var verdict: Oracle.Verdict = .shut(by: [])
    /// When it is over for want of a completion.
    var openUntil: Instant?
    var overAt: Instant?

    var policy: Policy { request.policy }
    var isShut: Bool { if case .shut = verdict { true } else { false } }

    init(_ request: UpdateRequest, _ ears: [Subscription], _ process: Int32, at now: Instant) {
        self.request = request
        deadline = now + request.policy.deadline
        guard request.policy.notification == .notify else {
            verdict = .open(.skipped)
            return
        }
        processes.insert(process)
        for ear in ears where !isOwn(ear) && !request.excused.contains(ear.stream) {
            arrive(ear, at: now)
        }
        for name in policy.require where !ears.contains(where: { $0.component.answers(to: name) }) {
            add(name, at: now)
        }
    }

    func isOwn(_ ear: Subscription) -> Bool {
        ear.process != 0 && processes.contains(ear.process)
    }

    mutating func arrive(_ ear: Subscription, at now: Instant) {
        let wanted = request.components ?? []
        let name = ear.component
        guard wanted.isEmpty || (wanted + policy.require).contains(where: name.answers)
        else { return }
        // Whoever was waited for by the last part of its name has come.
        for (other, person) in people where person.isStranger && name.answers(to: other) {
            people[other] = nil
            if people[name] == nil { people[name] = person }
        }
        if isOwn(ear) {
            people[name]?.excuse(isThere: true, at: now)
            return
        }
        add(name, at: now)
        people[name]?.ears[ear.stream] = ear
        people[name]?.isExcused = false
        guard let person = people[name], person.graceUntil != nil else { return }
        people[name]?.graceUntil = nil
        if person.isOpen { people[name]?.isOut = person.answerBy <= now || person.isUsedUp }
    }

    private mutating func add(_ name: ComponentName, at now: Instant) {
        guard people[name] == nil else { return }
        var person = Person(answerBy: now + policy.responseTimeout, budget: policy.maxTotalDefer)
        person.isOut = min(policy.responseTimeout, policy.maxTotalDefer) <= .zero
        people[name] = person
    }

    /// Whether it is asked for once more. Who was ready before is looked up only once.
    func isRepeated(by other: UpdateRequest) -> Bool {
        var other = other
        other.excused = request.excused
        return other == request
    }

    /// A coordinator comes: what sits in its process is asked no more.
    mutating func attend(_ coordinator: StreamID, _ process: Int32, at now: Instant) {
        canBeLate = coordinators.isEmpty
        coordinators.insert(coordinator)
        unattendedUntil = nil
        processes.insert(process)
        for (name, person) in people where person.ears.values.contains(where: isOwn) {
            let others = person.ears.filter { !isOwn($0.value) }
            people[name]?.ears = others
            people[name]?.excuse(isThere: false, at: now)
        }
    }

    mutating func leave(_ name: ComponentName, until end: Instant, _ isGone: (StreamID) -> Bool) {
        guard let person = people[name], person.ears.keys.contains(where: isGone) else { return }
        let ears = person.ears.filter { !isGone($0.key) }
        people[name]?.ears = ears
        if ears.isEmpty, person.blocks { people[name]?.graceUntil = end }
    }

    mutating func take(
        _ answer: Answer,
        granted: Duration,
        least: Duration,
        at now: Instant
    ) {
        guard let person = people[answer.component], !person.isCut else { return }
        let peer = answer.request.peer
        if answer.deferral == .zero {
            people[answer.component]?.agree(peer, answer.round, at: now)
        } else {
            // What a cap cut is said in whole milliseconds, but holds to the instant of the cap.
            let asked = min(max(answer.deferral, least), policy.maxDefer)
            let cap = min(person.budget - person.used, deadline - now)
            people[answer.component]?.object(peer, until: now + (granted < asked ? cap : granted))
            for name in people.keys { people[name]?.goBackToWork() }
        }
    }

    /// Opens the gate if nobody blocks any more, or if it is time.
    mutating func judge(_ settings: Settings, at now: Instant) {
        openUntil = openUntil ?? (isShut ? nil : now + settings.completionLimit)
        guard isShut else { return }
        let blockers = people.filter { $0.value.blocks }.keys.sorted()
        verdict = .shut(by: blockers)
        let isLate = canBeLate && deadline <= now
        guard unattendedUntil == nil else { return }
        if isForced || isLate {
            for name in blockers { people[name]?.cut(at: min(now, deadline)) }
        }
        let isSilent = people.values.contains { $0.isOut }
        if policy.onSilence == .refuse, isSilent, !isForced {
            verdict = .refused
        } else if isForced || isLate || blockers.isEmpty {
            let isCapped = people.values.contains { $0.isCut }
            let late = isLate && !blockers.isEmpty
            let ground: Basis = isCapped ? .capped : isSilent ? .silence : .consent
            verdict = .open(isForced ? .forced : late ? .deadline : ground)
            openUntil = now + settings.completionLimit
        }
    }
}

extension ComponentName {
    /// Whether it is NAME, or UNIT/NAME.
    func answers(to name: ComponentName) -> Bool {
        self == name || split(separator: "/").dropFirst().joined(separator: "/") == name
    }
}
