// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation

/// The files in which a broker's promises outlive it.
package enum RecordFile: Hashable, Sendable {
    /// All that is under way, for a broker that goes on in this boot.
    case journal
    /// What was released or has ended, and the history, for the next boot as well.
    case state
}

/// What is to be written before anything leaves that was said because of it.
package struct Pages: Sendable {
    package var journal: [UInt8]
    /// Empty unless something was released or has ended: flash wears out.
    package var state: [UInt8]
}

extension Broker {
    /// Whether something is to be written.
    package var hasPages: Bool { mutating get { negotiation.hasRecords } }

    /// All that was to be sent has been offered to its sockets.
    package mutating func confirmSent() { negotiation.confirmSent() }

    package mutating func takePages() -> Pages {
        var journal = JournalRecorder()
        let ended = negotiation.takeRecords(&journal)
        let state = statePage(journal.others, ended)
        latestEntries = state.entries
        for entry in latestEntries { journal.page.add(entry) }
        return Pages(journal: journal.page.encoded(), state: state.page.encoded())
    }

    /// What can wait until something else is written to the state file, or until the end.
    package mutating func takeLatePage() -> [UInt8] {
        defer { latePage = Page() }
        return latePage.encoded()
    }

    /// All that a file has to hold; nothing if it need not be there.
    package func wholePage(of file: RecordFile) -> [UInt8] {
        switch file {
        case .journal:
            var page = Page()
            negotiation.giveRecords(to: &page)
            for entry in lateEntries + latestEntries { page.add(entry) }
            return page.encoded()
        case .state:
            var recorder = StateRecorder(releases: keptReleases)
            negotiation.giveRecords(to: &recorder)
            for entry in history.entries { recorder.page.add(entry) }
            return recorder.page.encoded()
        }
    }

    /// What stands in front of the first page that is written to a file in this boot.
    package var bootPage: [UInt8] { Frame.boot(settings.boot).encoded() }

    /// Also returns what is new in the history: the journal has it until the state file does.
    private mutating func statePage(
        _ records: [Record],
        _ ended: [(Update, Ended)]
    ) -> (page: Page, entries: [History.Entry]) {
        var entries = lateEntries
        var isUrgent = false
        for record in records {
            switch record {
            case .update(let id, let update?) where update.end == nil:
                guard update.isReleased, keptReleases.insert(id).inserted else { continue }
                negotiation.giveRecords(of: id, to: &latePage)
                entries += enterRelease(of: id)
            case .update(let id, _):
                guard keptReleases.remove(id) != nil else { continue }
                latePage.take(.update(id, nil))
            case .participant: continue
            case .ended(_, nil), .owed:
                latePage.take(record)
                continue
            case .ended(_, .some): latePage.take(record)
            }
            isUrgent = true
        }
        entries += ended.map { history.enter($0, $1, bootTime: bootTime) }
        guard isUrgent else { return (Page(), []) }
        var page = latePage
        for entry in entries { page.add(entry) }
        latePage = Page()
        lateEntries = []
        return (page, entries)
    }

    private mutating func enterRelease(of id: DeploymentID) -> [History.Entry] {
        guard let update = negotiation.updates[id] else { return [] }
        return [history.enter(update, nil, bootTime: bootTime)]
    }
}

extension Update.Record {
    fileprivate var isReleased: Bool {
        if case .released = phase { true } else { false }
    }
}

/// Writes down everything, and keeps what may matter to the state file too.
private struct JournalRecorder: Recorder {
    var page = Page()
    var others: [Record] = []

    mutating func take(_ record: Record) {
        page.take(record)
        others.append(record)
    }

    mutating func take(
        _ participant: Participant.Record,
        named name: ComponentName,
        of id: DeploymentID
    ) {
        page.take(participant, named: name, of: id)
    }

    mutating func strike(_ name: ComponentName, of id: DeploymentID) {
        page.strike(name, of: id)
    }
}

/// Writes down what is to be known in the next boot.
private struct StateRecorder: Recorder {
    var page = Page()
    let releases: Set<DeploymentID>

    init(releases: Set<DeploymentID>) { self.releases = releases }

    mutating func take(_ record: Record) {
        if case .update(let id, _) = record, !releases.contains(id) { return }
        page.take(record)
    }

    mutating func take(
        _ participant: Participant.Record,
        named name: ComponentName,
        of id: DeploymentID
    ) {
        if releases.contains(id) { page.take(participant, named: name, of: id) }
    }

    mutating func strike(_ name: ComponentName, of id: DeploymentID) {
        if releases.contains(id) { page.strike(name, of: id) }
    }
}
