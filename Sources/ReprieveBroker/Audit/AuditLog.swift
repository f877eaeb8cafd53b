// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// The entries that are to be logged. Those that peers can cause without end are limited: of each
/// kind, about each component of each user, a few are logged in a minute, and then their number.
/// The components of one unit count as one: a process in it can take any number of names.
struct AuditLog: Sendable {
    private static let interval = Duration.seconds(60)
    /// Kinds of entries about one peer that are told apart. Beyond it those of one kind count as
    /// one.
    private static let maximumSubjects = 256

    private struct Subject: Hashable {
        var kind: Int
        var user: UInt32?
        var name: Substring?
    }

    private struct Record {
        var latest: LogEntry
        var logged = 0
        var leftOut = 0
        var until: Instant?
    }

    private var entries: [LogEntry] = []
    private var limited: [Subject: Record] = [:]
    private var events = CountedEvents()
    /// Subjects of entries since the last step.
    private var noted: [Subject] = []
    /// When the next interval ends; nil while none runs.
    private var nextEnd: Instant?

    mutating func note(_ entry: LogEntry?) {
        guard let entry else { return }
        events.note(entry)
        guard let limit = entry.limit else { return entries.append(entry) }
        var subject = Subject(kind: limit.kind, user: limit.user, name: limit.name.map(\.unit))
        if limited[subject] == nil, limited.count >= Self.maximumSubjects {
            subject = Subject(kind: limit.kind)
        }
        var record = limited[subject] ?? Record(latest: entry)
        record.latest = entry
        if record.logged < limit.inMinute {
            record.logged += 1
            entries.append(entry)
        } else {
            record.leftOut += 1
        }
        if record.until == nil || record.leftOut == 1 { noted.append(subject) }
        limited[subject] = record
    }

    /// Takes what was counted, however much of it was logged.
    mutating func takeEvents() -> CountedEvents {
        defer { events = CountedEvents() }
        return events
    }

    /// When entries are due that say how many were left out; nil if none were.
    private(set) var nextDeadline: Instant?

    /// Takes what is to be logged now.
    mutating func take(at now: Instant) -> [LogEntry] {
        for subject in noted { startInterval(of: subject, at: now) }
        noted.removeAll(keepingCapacity: true)
        if let nextEnd, nextEnd <= now { endIntervals(at: now) }
        defer { entries = [] }
        return entries
    }

    private mutating func startInterval(of subject: Subject, at now: Instant) {
        guard let record = limited[subject] else { return }
        let until = record.until ?? now + Self.interval
        limited[subject]?.until = until
        expect(until, record)
    }

    private mutating func expect(_ until: Instant, _ record: Record) {
        nextEnd = min(nextEnd ?? until, until)
        if record.leftOut > 0 { nextDeadline = min(nextDeadline ?? until, until) }
    }

    private mutating func endIntervals(at now: Instant) {
        (nextEnd, nextDeadline) = (nil, nil)
        for (subject, record) in limited {
            guard let until = record.until, until <= now else {
                expect(record.until ?? now, record)
                continue
            }
            limited[subject] = nil
            guard record.leftOut > 0 else { continue }
            entries.append(.repeated(record.latest, count: record.leftOut))
        }
    }
}

extension LogEntry {
    /// What limits how often an entry of this kind is logged: how often in a minute, and about
    /// whom. Nil if nothing does.
    fileprivate var limit: (kind: Int, inMinute: Int, user: UInt32?, name: ComponentName?)? {
        switch self {
        case .denied(let who, _): (0, 1, who.user, nil)
        case .refused(let who, _): (1, 1, who.user, nil)
        case .violation(let peer, _): (2, 1, peer.credentials.user, peer.name)
        case .doesNotRead(let peer): (3, 1, peer.credentials.user, peer.name)
        case .noHandshake(let peer): (4, 1, peer.credentials.user, peer.name)
        case .partialFrame(let peer): (5, 1, peer.credentials.user, peer.name)
        case .keepsTooMuch(_, let who, _): (6, 1, who.user, who.service)
        case .lostUpstream: (7, 1, nil, nil)
        case .deferred(let answer, _): (8, 16, nil, answer.component)
        case .passedOver(_, let name, _): (9, 16, nil, name)
        case .unknownToken(let peer): (10, 1, peer.credentials.user, peer.name)
        default: nil
        }
    }
}

extension ComponentName {
    /// "till" of "till/com.example.Camera"; all of a name without a unit.
    fileprivate var unit: Substring {
        self[..<(utf8.firstIndex(of: UInt8(ascii: "/")) ?? endIndex)]
    }
}

// MARK: - Decisions

extension Broker {
    /// Logs what the negotiation decided, and enters what has ended in the history.
    mutating func audit(_ decision: Decision, _ event: NegotiationEvent, at now: Instant) {
        switch decision {
        case .announced(let id):
            guard case .announced(let request, let coordinator, _) = event,
                let peer = peers[coordinator.peer]
            else { return }
            auditLog.note(.announced(id, request.disruption, peer.credentials))
        case .deferred(let answer, let grant):
            auditLog.note(.deferred(answer, grant))
            warnOfLimit(answer, grant, at: now)
        case .forced(let id, let force): auditLog.note(.forced(id, force))
        case .released(let update):
            if let release = update.release {
                logRelease(release)
                metrics.count(release, of: update)
            }
            keepMetrics()
            persistence.noteRelease(of: update)
        case .ended(let update, let end):
            auditLog.note(.ended(update.id, end.ending))
            metrics.count(end, of: update)
            keepMetrics()
            let clock = persistence.wallClockAtBoot
            let released = persistence.bootTimes[update.id] ?? clock
            persistence.enter([history.enter(update, end, released: released, ended: clock)])
            persistence.noteEnd(of: update)
        }
    }

    /// The history with the decisions on updates that are not completed yet.
    var historyNow: History {
        history.including(negotiation.updates.entries, persistence.bootTimes)
    }

    /// Components that are named one by one when a gate opens without them: so many, and so many of
    /// one unit. The history names more.
    private static var namedApart: Int { 32 }
    private static var namedApartOfUnit: Int { 8 }

    private mutating func logRelease(_ release: Release) {
        let id = release.deploymentID
        for name in Self.namedApart(release.silent) {
            auditLog.note(.passedOver(id, name, .silent))
        }
        for name in Self.namedApart(release.overridden) {
            auditLog.note(.passedOver(id, name, .overridden))
        }
        auditLog.note(.released(release))
    }

    private static func namedApart(_ names: [ComponentName]) -> ArraySlice<ComponentName> {
        var counts: [Substring: Int] = [:]
        return names.filter { name in
            counts[name.unit, default: 0] += 1
            return counts[name.unit, default: 0] <= namedApartOfUnit
        }.prefix(namedApart)
    }

    /// A shutdown leaves less time than a component needs: logged once; an operator can change it.
    private mutating func warnOfLimit(_ answer: Answer, _ grant: Grant, at now: Instant) {
        guard answer.deploymentID == shutdown.deploymentID, !shutdown.hasWarned,
            grant.granted < answer.deferral,
            let deadline = negotiation.updates[answer.deploymentID]?.deadline,
            deadline - now - grant.granted < .milliseconds(1)
        else { return }
        shutdown.hasWarned = true
        auditLog.note(.shutdownIsShort(answer, grant))
    }
}
