// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

// From what stands in the files to what a negotiation goes on from.

extension StoredFiles {
    /// The journal knows best. Only where it could not be written does the state file know more.
    func restored(_ settings: Settings, at reading: Reading) -> Restored {
        var restored = restored(settings, at: reading.now)
        restored.subscribers = journal.subscribers
        if journal.isOfThisBoot, let asleep = journal.asleep {
            let slept = reading.asleep - asleep
            if slept >= Limits.shortestSleep { restored.slept = slept }
        }
        return restored
    }

    private func restored(_ settings: Settings, at now: Instant) -> Restored {
        let older = state.rebased(settings, at: now)
        guard journal.isKnown else { return older }
        var restored = journal.rebased(settings, at: now)
        for (id, update) in older.updates {
            let known = restored.updates[id]
            let isOver = known.map(\.isOver) ?? restored.ended.contains { $0.id == id }
            guard !isOver, known == nil || known?.announced == update.announced else { continue }
            restored.updates[id] = update
        }
        for (id, end) in older.ended where !restored.ended.contains(where: { $0.id == id }) {
            guard let known = restored.updates[id], known.announced < end.at else { continue }
            restored.updates[id] = nil
            restored.ended.append((id, end))
            restored.addPosts(owedIn: older, for: id)
        }
        return restored
    }
}

extension Restored {
    fileprivate mutating func addPosts(owedIn other: Restored, for id: DeploymentID) {
        for (name, posts) in other.owed {
            let missed = posts.filter { $0.post.deploymentID == id }
            if !missed.isEmpty { owed[name, default: []] += missed }
        }
    }
}

extension Update {
    /// All that is left of it is its posts.
    fileprivate var isOver: Bool {
        if case .ended = phase { true } else { false }
    }
}

// MARK: - Another boot

extension FileContent {
    /// The same with the instants of other boots moved to this one, in which every limit begins
    /// again.
    fileprivate func rebased(_ settings: Settings, at now: Instant) -> Restored {
        var restored = Restored()
        (restored.updates, restored.ended, restored.owed) = (updates, ended, owed)
        for id in updates.keys {
            let isOld = oldUpdates.contains(id)
            if isOld { restored.updates[id]?.rebase(to: now) }
            for (name, var participant) in participants[id, default: [:]] {
                if isOld { participant.rebase(to: now) }
                restored.updates[id]?.restore(name, participant)
            }
        }
        for index in ended.indices where oldEnds.contains(ended[index].id) {
            restored.ended[index].end.at = .boot
        }
        for name in oldOwed {
            let until = now + settings.completionLimit
            restored.owed[name] = owed[name]?.map { OwedPost($0.post, until: until) }
        }
        return restored
    }
}

extension Update {
    fileprivate mutating func rebase(to now: Instant) {
        guard case .released(var opening) = phase else { return }
        opening.at = now
        phase = .released(opening)
        announced = now - opening.waited
        deadline = now
        deadlineLastCall = nil
        ownProcesses = []
    }
}

extension Participant {
    fileprivate mutating func rebase(to now: Instant) {
        blockedBefore = min(budget, blockedBefore)
        since = now
        until = nil
        question.answerBy = now
        acknowledgedAt = nil
        restore(isConfirm: isConfirm, deferralEnd: nil)
        blockedFrom = nil
    }
}
