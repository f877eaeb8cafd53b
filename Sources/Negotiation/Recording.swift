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
    package var hasRecords: Bool { mutating get { !changes.isEmpty } }

    /// Hands out what is to be written down since this was last called. Returns the updates that
    /// have ended since, as they were.
    package mutating func takeRecords(_ recorder: inout some Recorder) -> [(Update, Ended)] {
        defer { changes.begin() }
        for place in changes.places ?? [] { give(place, to: &recorder) }
        for (id, names) in changes.participants { give(names, of: id, to: &recorder) }
        return changes.ended
    }

    /// All that was to be sent has been sent: what was on its way is owed no more.
    package mutating func confirmSent() { changes.confirmSent() }

    /// Has what was released or has ended written down once more, but for what is known to be.
    package mutating func writeAgain(allBut known: Set<DeploymentID>) {
        for place in updates.places where !updates.entries[place].isWaiting {
            let id = updates.names[place]
            if !known.contains(id) { changes.note(.update(id)) }
        }
        let missing = ended.order.filter { !known.contains($0) }
        for id in missing { changes.note(.ended(id)) }
        guard !missing.isEmpty else { return }
        for name in owedPosts.components { changes.note(.owed(name)) }
    }

    /// Hands out all that is to be written down to begin anew.
    package func giveRecords(to recorder: inout some Recorder) {
        for id in (updates.names + changes.leaving.keys).sorted() {
            giveRecords(of: id, to: &recorder)
        }
        for id in ended.order { give(.ended(id), to: &recorder) }
        for name in owedPosts.components { give(.owed(name), to: &recorder) }
    }

    /// Hands out what is to be written down of one update.
    package func giveRecords(of id: DeploymentID, to recorder: inout some Recorder) {
        give(.update(id), to: &recorder)
        give(update(id)?.participants.names ?? [], of: id, to: &recorder)
    }

    private func give(_ place: Changes.Place, to recorder: inout some Recorder) {
        switch place {
        case .update(let id): recorder.take(.update(id, record(of: id)))
        case .over(let id): recorder.take(.update(id, nil))
        case .ended(let id): recorder.take(.ended(id, ended[id]))
        case .owed(let name): recorder.take(.owed(name, owedPosts[name]))
        }
    }

    private func give(
        _ names: [ComponentName],
        of id: DeploymentID,
        to recorder: inout some Recorder
    ) {
        let participants = update(id)?.participants ?? Roll()
        var next = 0
        for name in names {
            guard let place = participants.place(of: name, hint: next) else {
                recorder.strike(name, of: id)
                continue
            }
            next = place + 1
            recorder.take(participants.entries[place].record, named: name, of: id)
        }
    }

    private func record(of id: DeploymentID) -> Update.Record? {
        // Read where it stands: an update is large to copy.
        if let place = updates.place(of: id) { return updates.entries[place].record(nil) }
        return changes.leaving[id].map { $0.update.record($0.end) }
    }

    /// An update that is under way, or whose posts are.
    private func update(_ id: DeploymentID) -> Update? {
        updates[id] ?? changes.leaving[id]?.update
    }
}
