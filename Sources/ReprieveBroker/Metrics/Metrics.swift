// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// What is counted for monitoring. An update is counted when it is decided: when its gate opens, or
/// when it ends without that. So the counts are written down with the record of the decision, and
/// answering costs nothing.
struct Metrics: Sendable {
    private(set) var counts = MetricsShape()

    /// Goes on from what was written down, if that can be read.
    init(reading record: [UInt8] = []) {
        guard !record.isEmpty, let kept = try? MetricsShape(decoding: record) else { return }
        counts = kept
        counts.now = nil
        counts.components = kept.components.prefix(Limits.countedComponents)
            .sorted { $0.component < $1.component }
    }

    /// The gate of an update has opened.
    mutating func count(_ release: Release, of update: Update) {
        let basis = release.basis.rawValue
        let known = counts.releases.firstIndex { $0.basis == basis }
        let place = known ?? counts.releases.count
        if known == nil { counts.releases.append(ReleaseMetricsShape(basis: basis)) }
        let bounds = ReleaseMetricsShape.bounds
        let bucket = bounds.firstIndex { release.waited <= .seconds($0) } ?? bounds.count
        counts.releases[place].counts[bucket] += 1
        counts.releases[place].waitedMs += release.waited.wholeMilliseconds
        countComponents(of: update, at: release.at)
    }

    mutating func count(_ end: Ended, of update: Update) {
        counts.outcomes.add(1, to: end.ending.post(update.id).outcome.rawValue)
        if update.opening == nil { countComponents(of: update, at: end.at) }
    }

    mutating func add(_ events: CountedEvents) {
        for (event, number) in events.counts {
            if event == .accepted {
                counts.accepted += number
            } else {
                counts.refusals.add(number, to: event.rawValue)
            }
        }
    }

    mutating func add(_ written: FileMetricsShape) {
        let known = counts.files.firstIndex { $0.file == written.file }
        guard let known else { return counts.files.append(written) }
        counts.files[known].appendedBytes += written.appendedBytes
        counts.files[known].replacements += written.replacements
        counts.files[known].failures += written.failures
    }

    // MARK: - Components

    private mutating func countComponents(of update: Update, at now: Instant) {
        // Both are sorted by name.
        var known = 0
        var unknown: [ComponentMetricsShape] = []
        let participants = update.participants.entries.span
        for place in participants.indices {
            let name = update.participants.names[place]
            let shape = ComponentMetricsShape(participants[place], named: name, at: now)
            while known < counts.components.count, counts.components[known].component < name {
                known += 1
            }
            if known < counts.components.count, counts.components[known].component == name {
                counts.components[known].add(shape)
            } else {
                unknown.append(shape)
            }
        }
        guard !unknown.isEmpty else { return }
        enter(unknown)
    }

    /// Of more components than have room, those that blocked longest have a row of their own, a
    /// share of them of each unit. The others are counted together: no count is lost.
    private mutating func enter(_ unknown: [ComponentMetricsShape]) {
        var all = counts.components + unknown
        if all.count > Limits.countedComponents {
            all.sort { ($1.blockedMs, $0.component) < ($0.blockedMs, $1.component) }
            all = all.sharedAmongUnits(\.component)
            for one in all.dropFirst(Limits.countedComponents) {
                counts.otherComponents.add(one)
            }
            all = Array(all.prefix(Limits.countedComponents))
        }
        counts.components = all.sorted { $0.component < $1.component }
    }
}

extension ComponentMetricsShape {
    fileprivate init(
        _ participant: borrowing Participant,
        named name: ComponentName,
        at now: Instant
    ) {
        self.init()
        component = name
        blockedMs = participant.blocked(at: now).wholeMilliseconds
        deferrals = Int64(participant.deferrals)
        silences = participant.state == .silent || participant.state == .gone ? 1 : 0
        overrides = participant.state == .overridden ? 1 : 0
        caps = overrides == 1 && participant.budgetLeft(at: now) <= .zero ? 1 : 0
        lastCalls = participant.hadLastCall ? 1 : 0
    }

    fileprivate mutating func add(_ other: ComponentMetricsShape) {
        blockedMs += other.blockedMs
        deferrals += other.deferrals
        silences += other.silences
        caps += other.caps
        overrides += other.overrides
        lastCalls += other.lastCalls
    }
}

extension [CountShape] {
    fileprivate mutating func add(_ number: Int64, to name: String) {
        if let known = firstIndex(where: { $0.name == name }) {
            self[known].count += number
        } else {
            append(CountShape(name, number))
        }
    }
}
