// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// What is to be logged. Complaints about peers are limited: of each kind, about each name of each
/// user, one is logged in a minute, and then how many were left out.
struct AuditLog: Sendable {
    private static let interval = Duration.seconds(60)
    /// Kinds that are told apart. Beyond it complaints of one kind count as one, whichever peer causes
    /// them.
    private static let maximumSubjects = 256

    private struct Subject: Hashable {
        var kind: Int
        var user: UInt32?
        var name: ComponentName?
    }

    private struct Record {
        var latest: LogEntry
        var leftOut = 0
        var until: Instant?
    }

    private var entries: [LogEntry] = []
    private var complaints: [Subject: Record] = [:]

    mutating func note(_ entry: LogEntry?) {
        guard let entry else { return }
        guard let complaint = entry.complaint else { return entries.append(entry) }
        var subject = Subject(
            kind: complaint.kind,
            user: complaint.label.credentials.user,
            name: complaint.label.name
        )
        if complaints[subject] == nil, complaints.count >= Self.maximumSubjects {
            subject = Subject(kind: complaint.kind)
        }
        guard complaints[subject] == nil else {
            complaints[subject]?.latest = entry
            complaints[subject]?.leftOut += 1
            return
        }
        complaints[subject] = Record(latest: entry)
        entries.append(entry)
    }

    /// When entries are due that say how many were left out; nil if none were.
    var nextDeadline: Instant? {
        complaints.values.lazy.filter { $0.leftOut > 0 }.compactMap(\.until).min()
    }

    /// Takes what is to be logged now.
    mutating func take(at now: Instant) -> [LogEntry] {
        if !complaints.isEmpty { endIntervals(at: now) }
        defer { entries = [] }
        return entries
    }

    private mutating func endIntervals(at now: Instant) {
        for (subject, record) in complaints {
            guard let until = record.until else {
                complaints[subject]?.until = now + Self.interval
                continue
            }
            guard until <= now else { continue }
            complaints[subject] = nil
            guard record.leftOut > 0 else { continue }
            entries.append(.repeated(record.latest, count: record.leftOut))
        }
    }
}

extension LogEntry {
    /// The peer that it complains about, and of what kind the complaint is; nil if it is none.
    fileprivate var complaint: (kind: Int, label: PeerLabel)? {
        switch self {
        case .denied(let who, _): (0, PeerLabel(name: "", credentials: who))
        case .tooManyConnections(let who, _, _): (1, PeerLabel(name: "", credentials: who))
        case .violation(let peer, _): (2, peer)
        case .doesNotRead(let peer): (3, peer)
        case .noHandshake(let peer): (4, peer)
        default: nil
        }
    }
}

// MARK: - Decisions

extension Broker {
    /// Logs what the negotiation decided, and enters it in the history.
    mutating func audit(_ decision: Decision, _ event: NegotiationEvent, at now: Instant) {
        switch decision {
        case .announced(let id):
            guard case .announced(_, let coordinator, _) = event,
                let peer = peers[coordinator.peer]
            else { return }
            auditLog.note(.announced(id, peer.credentials))
        case .deferred(let answer, let grant):
            auditLog.note(.deferred(answer, grant))
            warnOfLimit(answer, grant, at: now)
        case .forced(let id, let force): auditLog.note(.forced(id, force))
        case .released(let update):
            if let release = update.release { logRelease(release) }
            persistence.noteRelease(of: update)
            persistence.enter([history.enter(update, nil, wallClockAtBoot)])
        case .ended(let update, let end):
            auditLog.note(.ended(update.id, end.ending))
            persistence.noteEnd(of: update)
            persistence.enter([history.enter(update, end, wallClockAtBoot)])
        }
    }

    /// Components that are named one by one when a gate opens without them. The history names more.
    private static var namedApart: Int { 32 }

    private mutating func logRelease(_ release: Release) {
        let id = release.deploymentID
        for name in release.silent.prefix(Self.namedApart) {
            auditLog.note(.passedOver(id, name, .silent))
        }
        for name in release.overridden.prefix(Self.namedApart) {
            auditLog.note(.passedOver(id, name, .overridden))
        }
        auditLog.note(.released(release))
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
