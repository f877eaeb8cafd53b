// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation

/// What a broker has left in its files: as much of it as can be read.
package struct Recollection: Sendable {
    package let journal: FileReading
    package let state: FileReading

    /// Empty files and missing ones are the same.
    package init(journal: [UInt8] = [], state: [UInt8] = [], boot: String = "") {
        self.journal = FileReading(journal, boot, outlivesBoot: false)
        self.state = FileReading(state, boot, outlivesBoot: true)
    }

    var keptReleases: Set<DeploymentID> { Set(state.remains.updates.keys) }

    var inJournal: Set<DeploymentID> { Set(journal.remains.updates.keys) }

    var inStateFile: Set<DeploymentID> { keptReleases.union(state.remains.ended.map(\.id)) }

    /// The journal knows best. Only where it could not be written does the state file know more.
    func records(_ settings: Settings, at now: Instant) -> [Record] {
        let older = state.remains.rebased(settings, at: now)
        guard journal.isOfThisBoot || !journal.remains.isEmpty else { return older.records }
        var remains = journal.remains
        for (id, update) in older.updates {
            let known = remains.updates[id]
            let isOver =
                known.map { $0.end != nil } ?? remains.ended.contains { $0.id == id }
            guard !isOver, known == nil || known?.announced == update.announced else { continue }
            remains.updates[id] = update
            remains.participants[id] = older.participants[id]
        }
        for (id, end) in older.ended where !remains.ended.contains(where: { $0.id == id }) {
            guard let known = remains.updates[id], known.announced < end.value.at else { continue }
            remains.apply(.update(id, nil))
            remains.ended.append((id, end))
            remains.owe(older.owed, for: id)
        }
        return remains.records
    }
}

/// What stands in one file.
package struct FileReading: Sendable {
    /// What there is to say about it, each starts in lower case and has no full stop.
    package private(set) var findings: [String] = []
    /// Of another format: not to be written over.
    package private(set) var isOfOtherVersion = false
    /// Whether what is written next belongs to the boot that was written in last.
    package private(set) var isOfThisBoot = false
    fileprivate private(set) var remains = Remains()
    private(set) var decisions: [Int32: [UInt8]] = [:]

    fileprivate init(_ bytes: [UInt8], _ boot: String, outlivesBoot: Bool) {
        var search = FrameSearch(bytes)
        var frames: [Frame] = []
        while let frame = search.next() { frames.append(frame) }
        var damaged = search.damage.reduce(0) { $0 + $1.count }
        // A page without its end counts for nothing: nobody has heard of it.
        while let last = frames.last, last.int32("page") == nil {
            damaged += last.encodedLength
            frames.removeLast()
        }
        var isVoid = false
        // Where the frame is damaged that says of which boot it is: nothing depends on a limit that
        // begins anew, and much on an instant that is taken for one of this boot.
        var isOld = outlivesBoot
        for frame in frames {
            switch try? Written(frame) {
            case .boot(let written, let format):
                if format != recordFormat {
                    isOfOtherVersion = true
                    findings = [
                        "it is of \(format > recordFormat ? "a later" : "an earlier") version"
                    ]
                }
                isOfThisBoot = written == boot
                isOld = !isOfThisBoot
                isVoid = isOld && !outlivesBoot
            case .records(let records):
                if !isVoid { for record in records { remains.apply(record, isOld: isOld) } }
            case .decision(let number, let json): decisions[number] = json
            case nil: damaged += frame.encodedLength
            }
        }
        if isOfOtherVersion {
            remains = Remains()
            decisions = [:]
        } else if isVoid {
            findings = ["it is of another boot, and void"]
        } else if damaged > 0 {
            let place = search.damage.first?.lowerBound ?? 0
            findings = ["\(damaged) of \(bytes.count) bytes are damaged, from byte \(place) on"]
        }
    }
}

/// The last record of each thing.
struct Remains: Sendable {
    struct Aged<Value: Sendable>: Sendable {
        var value: Value
        /// Of another boot, whose instants mean nothing here.
        var isOld: Bool
    }

    var updates: [DeploymentID: Update.Record] = [:]
    var participants: [DeploymentID: [ComponentName: Participant.Record]] = [:]
    /// Oldest first.
    var ended: [(id: DeploymentID, end: Aged<Ended>)] = []
    var owed: [ComponentName: Aged<[OwedPost]>] = [:]
    private var oldUpdates: Set<DeploymentID> = []

    var isEmpty: Bool { updates.isEmpty && ended.isEmpty && owed.isEmpty }

    mutating func apply(_ record: Record, isOld: Bool = false) {
        switch record {
        case .update(let id, let update):
            updates[id] = update
            if update == nil { participants[id] = nil }
            if isOld, update != nil { oldUpdates.insert(id) } else { oldUpdates.remove(id) }
        case .participant(let id, let name, let participant):
            participants[id, default: [:]][name] = participant
        case .ended(let id, let end):
            ended.removeAll { $0.id == id }
            if let end { ended.append((id, Aged(value: end, isOld: isOld))) }
        case .owed(let name, let posts):
            owed[name] = posts.isEmpty ? nil : Aged(value: posts, isOld: isOld)
        }
    }

    /// Takes over the posts of one update.
    mutating func owe(_ others: [ComponentName: Aged<[OwedPost]>], for id: DeploymentID) {
        for (name, posts) in others {
            let missed = posts.value.filter { $0.post.deploymentID == id }
            guard !missed.isEmpty else { continue }
            owed[name, default: Aged(value: [], isOld: false)].value += missed
        }
    }

    var records: [Record] {
        var records: [Record] = []
        for (id, update) in updates {
            records.append(.update(id, update))
            for (name, participant) in participants[id, default: [:]] {
                records.append(.participant(id, name, participant))
            }
        }
        records += ended.map { .ended($0.id, $0.end.value) }
        return records + owed.map { .owed($0.key, $0.value.value) }
    }

    /// The same with the instants of other boots moved to this one, in which every limit begins
    /// anew.
    func rebased(_ settings: Settings, at now: Instant) -> Remains {
        var remains = self
        for id in oldUpdates {
            remains.updates[id]?.rebase(to: now)
            for name in participants[id, default: [:]].keys {
                remains.participants[id]?[name]?.rebase(to: now)
            }
        }
        let start = Instant(sinceBoot: .zero)
        for index in ended.indices where ended[index].end.isOld {
            remains.ended[index].end.value.at = start
        }
        for (name, posts) in owed where posts.isOld {
            let until = now + settings.completionLimit
            remains.owed[name]?.value = posts.value.map { OwedPost($0.post, until: until) }
        }
        return remains
    }
}

extension Update.Record {
    fileprivate mutating func rebase(to now: Instant) {
        guard case .released(let basis, let waited, _) = phase else { return }
        phase = .released(basis, waited: waited, at: now)
        announced = now - waited
        deadline = now
        deadlineLastCall = nil
        ownProcesses = []
    }
}

extension Participant.Record {
    fileprivate mutating func rebase(to now: Instant) {
        blockedBefore = min(budget, blockedBefore)
        since = now
        until = nil
        answerBy = now
        acknowledgedAt = nil
        wordEnd = nil
        blockedFrom = nil
    }
}
