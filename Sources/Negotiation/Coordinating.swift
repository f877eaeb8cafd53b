// SPDX-License-Identifier: Apache-2.0

// Coordinators attaching and leaving.

extension Update {
    /// One more coordinator with the same request: it hears the same end.
    mutating func attach(_ coordinator: StreamID, process: Int32, _ turn: inout Turn) {
        turn.actions.append(.attached(coordinator, attachment(isFirst: false)))
        if let release {
            turn.actions.append(.released(coordinator, release))
            return
        }
        coordinators.append(coordinator)
        turn.changed(id)
        excuse(process, &turn)
        guard unattendedUntil != nil else { return settle(&turn) }
        unattendedUntil = nil
        if forced != nil {
            force(&turn)
        } else if deadline <= turn.now {
            reachDeadline(&turn)
        } else {
            settle(&turn)
        }
    }

    /// Who waits at the gate is not asked whether it may open, even where it was before it came.
    private mutating func excuse(_ process: Int32, _ turn: inout Turn) {
        guard process != 0, ownProcesses.insert(process).inserted else { return }
        turn.changes.note(.update(id))
        let now = turn.now
        for name in names(where: { $0.seats.contains { $0.process == process } }) {
            with(name, &turn) { participant in
                participant.seats.removeAll { $0.process == process }
                participant.excuse(at: now)
            }
        }
    }

    /// A component has subscribed in a coordinator's process. A required one has come.
    mutating func excuse(arrived name: ComponentName, _ turn: inout Turn) {
        guard let state = participants[name]?.state else { return }
        let now = turn.now
        with(name, &turn) { participant in
            if state == .absent { participant.excuse(at: now) }
            participant.isExcused = participant.seats.isEmpty
        }
        settle(&turn)
    }

    func attachment(isFirst: Bool) -> Attachment {
        Attachment(
            deploymentID: id,
            participants: participants.names,
            attached: !isFirst,
            unmatched: unmatched
        )
    }

    /// With no coordinator the gate neither opens nor refuses, and after a while it is withdrawn.
    mutating func coordinatorsLeft(_ isGone: (StreamID) -> Bool, _ turn: inout Turn) {
        guard isWaiting, coordinators.contains(where: isGone) else { return }
        coordinators.removeAll(where: isGone)
        guard coordinators.isEmpty else { return }
        unattendedUntil = turn.now + turn.settings.reconnectGrace
    }
}

extension Participant {
    /// Its last subscription is a coordinator's own. A deferral that runs is kept.
    fileprivate mutating func excuse(at now: Instant) {
        guard seats.isEmpty else { return }
        isExcused = true
        if state == .asked || state == .absent { beReady(at: now) }
    }

    /// Its time is over. It is here, so what it was granted holds; but it is not asked.
    mutating func beExcused(at now: Instant) {
        if let end = deferralEnd(at: now) {
            enter(.deferred, until: end, at: now)
        } else {
            beReady(at: now)
        }
    }

    /// Acknowledges without having been asked.
    private mutating func beReady(at now: Instant) {
        forgetWords()
        acknowledgedAt = now
        enter(.acknowledged, at: now)
    }
}
