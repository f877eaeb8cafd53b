// SPDX-License-Identifier: Apache-2.0

package import Negotiation

/// All that a broker has to write down of a negotiation, kept up to date by nothing but the changes
/// that each event reports.
package struct WrittenCopy: Equatable, Sendable {
    private var updates = SortedMap<Update>()
    private var participants = SortedMap<SortedMap<Participant>>()
    /// Oldest first.
    private var endedOrder: [DeploymentID] = []
    private var ended = SortedMap<Ended>()
    private var owed = SortedMap<[OwedPost]>()
    /// With the number of processes of each.
    private var subscribers: [ComponentName: Int] = [:]

    package init() {}

    /// A whole copy.
    package init(of negotiation: Negotiation) {
        for id in negotiation.updates.names + negotiation.departing.names {
            guard let update = negotiation.update(id) else { continue }
            updates[id] = update.written
            var map = SortedMap<Participant>()
            for place in update.participants.places {
                map[update.participants.names[place]] = update.participants.entries[place].written
            }
            participants[id] = map
        }
        for (id, end) in negotiation.ended {
            endedOrder.append(id)
            ended[id] = end
        }
        for (name, posts) in negotiation.owed { owed[name] = posts }
        for name in negotiation.subscribers {
            subscribers[name] = negotiation.processCount(of: name)
        }
    }

    package mutating func apply(_ changes: [Change], of negotiation: Negotiation) {
        for change in changes {
            switch change {
            case .update(let id):
                updates[id] = negotiation.update(id)?.written
                participants[id] = updates[id].map { _ in participants[id] ?? SortedMap() }
            case .participant(let id, let name):
                let participant = negotiation.update(id)?.participants[name]
                participants[id]?[name] = participant?.written
            case .ended(let id):
                ended[id] = negotiation.ending(of: id)
                endedOrder.removeAll { $0 == id }
                if ended[id] != nil { endedOrder.append(id) }
            case .owed(let name):
                let posts = negotiation.posts(owedTo: name)
                owed[name] = posts.isEmpty ? nil : posts
            case .subscriber(let name):
                let processes = negotiation.processCount(of: name)
                subscribers[name] = processes > 0 ? processes : nil
            }
        }
    }

    /// What a broker finds when it starts again.
    package var restored: Restored {
        var restored = Restored()
        for id in updates.names {
            let map = participants[id] ?? SortedMap()
            restored.updates[id] = updates[id]
            for name in map.names {
                if let one = map[name] { restored.updates[id]?.restore(name, one) }
            }
        }
        restored.ended = endedOrder.compactMap { id in ended[id].map { (id, $0) } }
        for name in owed.names { restored.owed[name] = owed[name] }
        restored.subscribers = subscribers
        return restored
    }
}

extension WrittenCopy {
    /// Applies the changes of an event, and says what is wrong with them: the copy has to be whole
    /// after them.
    package mutating func follow(_ changes: [Change], to negotiation: Negotiation) -> [String] {
        apply(changes, of: negotiation)
        if self == WrittenCopy(of: negotiation) { return [] }
        self = WrittenCopy(of: negotiation)
        return ["a change was not reported"]
    }

    /// What is restored from the copy has to equal the negotiation without its connections.
    package func objectionsToRestoring(_ negotiation: Negotiation, at now: Instant) -> [String] {
        var survivor = negotiation
        _ = survivor.handle(.restarted, at: now)
        let other = Negotiation(settings: negotiation.settings, restoring: restored, at: now)
        return survivor == other ? [] : ["something is lost when the broker dies"]
    }
}

extension Update {
    /// The update with what is written down of it alone.
    fileprivate var written: Update {
        var request = request
        request.excused = []
        var update = Update(request, announced: announced, deadline: deadline)
        update.deadlineLastCall = deadlineLastCall
        update.phase = phase
        update.formerProcesses = formerProcesses.union(coordinators.map(\.process))
            .subtracting([0])
        update.forced = forced
        update.brokenFinalAskings = brokenFinalAskings
        update.blockedAtDeadline = blockedAtDeadline
        return update
    }
}

extension Participant {
    /// The participant with what is written down of it alone.
    fileprivate var written: Participant {
        var participant = Participant(state, since: since, answerBy: question.answerBy)
        participant.isVeto = isVeto
        participant.until = until
        participant.question = question
        participant.isTold = isTold
        participant.acknowledgedAt = acknowledgedAt
        participant.isExcused = isExcused
        participant.hasFinalWord = hasFinalWord
        participant.message = message
        participant.deferrals = deferrals
        participant.lastDeferral = lastDeferral
        participant.brokenFinalAskings = brokenFinalAskings
        participant.heldUntil = heldUntil
        participant.budget = budget
        participant.blockedBefore = blockedBefore
        participant.blockedFrom = blockedFrom
        participant.lastCallLead = lastCallLead
        participant.hadLastCall = hadLastCall
        participant.restore(
            isConfirm: isConfirm,
            deferralEnd: liftableDeferralEnd,
            deferrer: deferrer,
            processes: processCount
        )
        return participant
    }
}
