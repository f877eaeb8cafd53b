// SPDX-License-Identifier: Apache-2.0

// Writing a negotiation down as it changes, and going on from what was written.

extension Negotiation {
    /// A negotiation that goes on where one ended that was written down: as if it had handled
    /// `restarted`. What changes in it is kept for `takeRecords`.
    package init(settings: Settings, recalling records: [Record], at now: Instant) {
        self.init(settings: settings)
        var headers: [DeploymentID: Update.Record] = [:]
        var participants: [DeploymentID: [ComponentName: Participant]] = [:]
        for record in records {
            switch record {
            case .update(let id, let header):
                headers[id] = header
                if header == nil { participants[id] = nil }
            case .participant(let id, let name, let participant):
                participants[id, default: [:]][name] = participant.map { Participant($0) }
            case .ended(let id, let end?):
                ended.remember(id, end, limit: settings.maximumEnded)
            case .ended(let id, nil): ended.forget(id)
            case .owed(let name, let posts): owedPosts[name] = posts
            }
        }
        for (id, header) in headers.sorted(by: { $0.key < $1.key }) {
            let update = Update(header, participants[id, default: [:]])
            if let end = header.end {
                owedPosts.owe(afterDeathIn: update, end, settings)
            } else {
                updates[id] = update
            }
        }
        _ = handle(.restarted, at: now)
        changes.begin()
    }

    /// Whether something has changed since it was last written down.
    package var hasRecords: Bool { !changes.isEmpty }

    /// Hands out what is to be written down since this was last called. Returns the updates that
    /// have ended since, as they were.
    package mutating func takeRecords(_ take: (Record) -> Void) -> [(Update, Ended)] {
        defer { changes.begin() }
        for place in changes.places ?? [] { take(record(of: place)) }
        return changes.ended
    }

    /// All that was to be sent has been sent: what was on its way is owed no more.
    package mutating func confirmSent() { changes.confirmSent() }

    /// Has what was released or has ended written down once more, but for what is known to be.
    package mutating func writeAgain(allBut known: Set<DeploymentID>) {
        for (id, update) in updates where !update.isWaiting && !known.contains(id) {
            changes.note(.update(id))
        }
        let missing = ended.order.filter { !known.contains($0) }
        for id in missing { changes.note(.ended(id)) }
        guard !missing.isEmpty else { return }
        for name in owedPosts.components { changes.note(.owed(name)) }
    }

    /// All that is to be written down to begin anew.
    package var records: [Record] {
        (Array(updates.keys) + changes.leaving.keys).sorted().flatMap { records(of: $0) }
            + ended.order.map { record(of: .ended($0)) }
            + owedPosts.components.map { record(of: .owed($0)) }
    }

    /// What is to be written down of one update.
    package func records(of id: DeploymentID) -> [Record] {
        let names = update(id)?.names ?? []
        return [record(of: .update(id))] + names.map { record(of: .participant(id, $0)) }
    }

    private func record(of place: Changes.Place) -> Record {
        switch place {
        case .update(let id): .update(id, update(id)?.record(changes.leaving[id]?.end))
        case .participant(let id, let name):
            .participant(id, name, update(id)?.participants[name]?.record)
        case .over(let id): .update(id, nil)
        case .ended(let id): .ended(id, ended[id])
        case .owed(let name): .owed(name, owedPosts[name])
        }
    }

    /// An update that is under way, or whose posts are.
    private func update(_ id: DeploymentID) -> Update? {
        updates[id] ?? changes.leaving[id]?.update
    }
}
