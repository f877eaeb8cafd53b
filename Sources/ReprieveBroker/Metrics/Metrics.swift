// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// What is counted for monitoring. An update is counted when it is decided: when its gate opens, or
/// when it ends without that. So the counts are written down with the update.
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

    mutating func count(_ end: Ended, of update: Update) {
        counts.outcomes.add(1, to: end.ending.post(update.id).outcome.rawValue)
        if update.opening == nil { countComponents(of: update, at: end.at) }
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
        for (place, name) in update.participants.names.enumerated() {
            while known < counts.components.count, counts.components[known].component != name,
                counts.components[known].component < name
            {
                known += 1
            }
            if known < counts.components.count, counts.components[known].component == name {
                counts.components[known].count(update, place, at: now)
            } else {
                var shape = ComponentMetricsShape()
                shape.component = name
                shape.count(update, place, at: now)
                unknown.append(shape)
            }
        }
        guard !unknown.isEmpty else { return }
        enter(unknown)
    }

    /// Of more components than have room, those that blocked longest have a row of their own, a
    /// share of them of each unit. The others are counted together: no count is lost.
    private mutating func enter(_ unknown: [ComponentMetricsShape]) {
        let all = (counts.components + unknown).sorted { $0.component < $1.component }
        counts.components = all
        guard all.count > Limits.countedComponents else { return }
        // Places instead of the components themselves, which are large to move.
        let blocked = all.map(\.blockedMs)
        let order = all.indices.sorted { one, other in
            blocked[one] == blocked[other] ? one < other : blocked[one] > blocked[other]
        }
        let shared = order.sharedAmongUnits { all[$0].component }
        for place in shared.dropFirst(Limits.countedComponents) {
            counts.otherComponents.add(all[place])
        }
        counts.components = shared.prefix(Limits.countedComponents).sorted().map { all[$0] }
    }
}

extension ComponentMetricsShape {
    /// Adds what it did in one update, in which it has a place.
    fileprivate mutating func count(_ update: Update, _ place: Int, at now: Instant) {
        let participants = update.participants.entries.span
        let blocked = update.blocked(place, at: now)
        blockedMs += blocked.wholeMilliseconds
        deferrals += Int64(participants[place].deferrals)
        if participants[place].state.isSilence { silences += 1 }
        if participants[place].hadLastCall { lastCalls += 1 }
        guard participants[place].state == .overridden else { return }
        overrides += 1
        if participants[place].budget <= blocked { caps += 1 }
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
