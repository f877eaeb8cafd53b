// SPDX-License-Identifier: Apache-2.0

// Coordinators that attach and leave.

extension Update {
    /// One that is attached.
    package struct Coordinator: Hashable, Sendable {
        package var stream: StreamID
        /// 0 where unknown.
        package var process: Int32

        package init(stream: StreamID, process: Int32) {
            self.stream = stream
            self.process = process
        }
    }

    /// Whether a process coordinates the update, or may be back in a moment to do so: its
    /// subscriptions are not asked. One that has left for good is a process like any other, and its
    /// number may be given to another one.
    func isOwn(_ process: Int32) -> Bool {
        guard process != 0 else { return false }
        return formerProcesses.contains(process) || coordinators.contains { $0.process == process }
    }

    /// One more coordinator with the same request: it is told the same end.
    mutating func attach(
        _ coordinator: StreamID,
        process: Int32,
        _ subscriptions: SortedMap<[Subscription]>,
        _ handling: inout Handling
    ) {
        // The response is sent before what it brings about, and is known only then.
        let reply = handling.consequences.actions.count
        if let release {
            handling.send(.attached(coordinator, attachment(isFirst: false)))
            guard mayMake(process, at: handling.now) else {
                return handling.send(.released(coordinator, release.joined))
            }
            handling.send(.released(coordinator, release))
            coordinators = [Coordinator(stream: coordinator, process: process)]
            (formerProcesses, unattendedUntil, makerReturnsUntil) = ([], nil, nil)
            return
        }
        let (wasOwn, former) = (isOwn(process), formerProcesses)
        coordinators.append(Coordinator(stream: coordinator, process: process))
        formerProcesses = []
        handling.show(id)
        if !wasOwn { excuse(process, &handling) }
        readmit(former, subscriptions, &handling)
        let attachment = attachment(isFirst: false)
        handling.consequences.actions.insert(.attached(coordinator, attachment), at: reply)
        guard unattendedUntil != nil else { return settle(&handling) }
        unattendedUntil = nil
        if forced != nil {
            force(&handling)
        } else if deadline <= handling.now {
            reachDeadline(&handling)
        } else {
            settle(&handling)
        }
    }

    /// Whether a coordinator that attaches when the gate is open makes the update. While the one
    /// that does is connected, or may return, no other one does.
    private func mayMake(_ process: Int32, at now: Instant) -> Bool {
        guard coordinators.isEmpty else { return false }
        return (makerReturnsUntil ?? now) <= now || formerProcesses.contains(process)
    }

    /// Components in a coordinator's process are not asked, even where they were before it came.
    private mutating func excuse(_ process: Int32, _ handling: inout Handling) {
        guard process != 0 else { return }
        let now = handling.now
        for name in names(where: { $0.subscribers.contains { $0.process == process } }) {
            let verdict = with(name, &handling) { participant in
                let verdict = participant.lose({ $0.process == process }, at: now)
                participant.excuse(at: now)
                return verdict
            }
            follow(verdict, of: name, &handling)
        }
    }

    /// Components in the process of a coordinator that has left are asked like all others.
    private mutating func readmit(
        _ processes: Set<Int32>,
        _ subscriptions: SortedMap<[Subscription]>,
        _ handling: inout Handling
    ) {
        let freed = processes.filter { !isOwn($0) }
        guard !freed.isEmpty else { return }
        for subscription in subscriptions.entries.joined()
        where freed.contains(subscription.process) {
            subscribed(subscription, &handling)
        }
    }

    /// A component has subscribed in a coordinator's process. If it is required, it is present now.
    mutating func excuse(arrived name: ComponentName, _ handling: inout Handling) {
        guard let state = participants[name]?.state else { return }
        let now = handling.now
        with(name, &handling) { participant in
            if state == .absent { participant.excuse(at: now) }
            participant.isExcused = participant.subscribers.isEmpty
        }
        settle(&handling)
    }

    func attachment(isFirst: Bool) -> Attachment {
        Attachment(
            deploymentID: id,
            participants: participants.names,
            attached: !isFirst,
            unmatched: unmatched
        )
    }

    /// With no coordinator the gate neither opens nor refuses. After a while the update is
    /// cancelled, and after a longer one over if its gate is open.
    mutating func coordinatorsLeft(
        _ subscriptions: SortedMap<[Subscription]>,
        _ handling: inout Handling,
        _ isGone: (StreamID) -> Bool
    ) {
        let leaving = coordinators.filter { isGone($0.stream) }
        guard !leaving.isEmpty else { return }
        coordinators.removeAll { isGone($0.stream) }
        let processes = Set(leaving.map(\.process)).subtracting([0])
        guard coordinators.isEmpty else { return readmit(processes, subscriptions, &handling) }
        formerProcesses = processes
        if isWaiting {
            unattendedUntil = handling.now + handling.settings.reconnectGrace
        } else if endsWithCoordinator {
            unattendedUntil = handling.now + handling.settings.applyGrace
        }
    }
}

extension Participant {
    /// Its last subscription is a coordinator's own. A running deferral is kept.
    fileprivate mutating func excuse(at now: Instant) {
        guard subscribers.isEmpty else { return }
        isExcused = true
        if state == .asked || state == .absent { beReady(at: now) }
    }

    /// Its time is over. It is present, so a running deferral holds; but it is not asked.
    mutating func beExcused(at now: Instant) {
        if let end = deferralEnd(at: now) {
            enter(.deferred, until: end, at: now)
        } else {
            beReady(at: now)
        }
    }

    /// Acknowledges without having been asked.
    private mutating func beReady(at now: Instant) {
        forgetDeferrals()
        acknowledgedAt = now
        enter(.acknowledged, at: now)
    }
}
