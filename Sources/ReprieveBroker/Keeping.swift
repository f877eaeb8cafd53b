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
    package var hasPages: Bool { negotiation.hasRecords }

    /// All that was to be sent has been offered to its sockets.
    package mutating func confirmSent() { negotiation.confirmSent() }

    package mutating func takePages() -> Pages {
        var journal = Page()
        // What a participant does matters to the journal alone.
        var others: [Record] = []
        let ended = negotiation.takeRecords { record in
            journal.add(record)
            if case .participant = record { return }
            others.append(record)
        }
        let state = statePage(others, ended)
        latestEntries = state.entries
        for entry in latestEntries { journal.add(entry) }
        return Pages(journal: journal.encoded(), state: state.page.encoded())
    }

    /// What can wait until something else is written to the state file, or until the end.
    package mutating func takeLatePage() -> [UInt8] {
        defer { lateRecords = [] }
        var page = Page()
        for record in lateRecords { page.add(record) }
        return page.encoded()
    }

    /// All that a file has to hold; nothing if it need not be there.
    package func wholePage(of file: RecordFile) -> [UInt8] {
        var page = Page()
        switch file {
        case .journal:
            for record in negotiation.records { page.add(record) }
            for entry in lateEntries + latestEntries { page.add(entry) }
        case .state:
            for record in negotiation.records {
                switch record {
                case .update(let id, _), .participant(let id, _, _):
                    if keptReleases.contains(id) { page.add(record) }
                case .ended, .owed: page.add(record)
                }
            }
            for entry in history.entries { page.add(entry) }
        }
        return page.encoded()
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
                lateRecords += negotiation.records(of: id)
                entries += enterRelease(of: id)
            case .update(let id, _):
                guard keptReleases.remove(id) != nil else { continue }
                lateRecords.append(.update(id, nil))
            case .participant: continue
            case .ended(_, nil), .owed:
                lateRecords.append(record)
                continue
            case .ended(_, .some): lateRecords.append(record)
            }
            isUrgent = true
        }
        entries += ended.map { history.enter($0, $1, bootTime: bootTime) }
        var page = Page()
        guard isUrgent else { return (page, []) }
        for record in lateRecords { page.add(record) }
        for entry in entries { page.add(entry) }
        lateRecords = []
        lateEntries = []
        return (page, entries)
    }

    private mutating func enterRelease(of id: DeploymentID) -> [History.Entry] {
        guard let update = negotiation.updates[id] else { return [] }
        return [history.enter(update, nil, bootTime: bootTime)]
    }
}

extension Update.Record {
    var isReleased: Bool {
        if case .released = phase { true } else { false }
    }
}
