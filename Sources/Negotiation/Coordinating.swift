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
        excuse(process, &turn)
        guard unattendedUntil != nil else { return settle(&turn) }
        unattendedUntil = nil
        turn.changed(id)
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
                guard participant.seats.isEmpty, participant.state == .asked else { return }
                participant.acknowledgedAt = now
                participant.enter(.acknowledged, at: now)
            }
        }
    }

    func attachment(isFirst: Bool) -> Attachment {
        Attachment(
            deploymentID: id,
            participants: participants.keys.sorted(),
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
        turn.changed(id)
    }
}
