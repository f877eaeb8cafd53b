// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation

/// What stands in one file: as much of it as can be read. Instants of another boot are moved to
/// this one, in which every limit begins again.
struct FileContent {
    /// What is wrong with it; starts in lower case and has no full stop.
    private(set) var finding: String?
    /// Its format is another one: it is not written over.
    private(set) var isOfOtherVersion = false
    /// Its last records were written in this boot.
    private(set) var isOfThisBoot = false
    /// How long the device had been suspended in that boot by then.
    private(set) var asleep: Duration?
    private(set) var restored = Restored()
    /// The updates that another boot released, as they stood then.
    private(set) var interrupted: [DeploymentID: DatedUpdate] = [:]
    /// When the boot of an update's instants began, as it was known at the release.
    private(set) var bootTimes: [DeploymentID: Duration] = [:]
    private(set) var decisions: [Int32: [UInt8]] = [:]
    /// Empty where any but the last records are damaged: the others may be out of date.
    private(set) var connections: [PeerID: KeptConnection] = [:]
    private(set) var metrics: [UInt8] = []
    private var participants: [DeploymentID: [ComponentName: Participant]] = [:]
    private let now: Instant
    /// When an owed post of another boot is given up.
    private let giveUpAt: Instant
    /// The format of what is read now.
    private var format = RecordFrames.format
    /// What is read now was written in another boot.
    private var isOld: Bool

    /// It holds something to go on from, if only that nothing is under way in this boot.
    var isKnown: Bool {
        isOfThisBoot || !restored.updates.isEmpty || !restored.ended.isEmpty
            || !restored.owed.isEmpty
    }

    /// `outlivesBoot`: what was written in another boot counts, too.
    init(_ bytes: [UInt8], _ settings: BrokerSettings, outlivesBoot: Bool, at now: Instant) {
        self.now = now
        giveUpAt = now + settings.negotiation.completionLimit
        // Where the frame is damaged that names the boot: it is safe to let a limit begin again,
        // and not safe to take an instant for one of this boot.
        isOld = outlivesBoot
        var search = FrameSearch(bytes)
        var frames: [Frame] = []
        while let frame = search.next() { frames.append(frame) }
        var damaged = search.damage.reduce(0) { $0 + $1.count }
        // Records without their end count for nothing: no peer has heard of them.
        while let last = frames.last, last.int32("page") == nil {
            damaged += last.encodedLength
            frames.removeLast()
        }
        for frame in frames {
            do throws(RecordError) { try read(frame, settings.boot, outlivesBoot) } catch {
                damaged += frame.encodedLength
            }
        }
        if !search.damage.allSatisfy({ $0.upperBound == bytes.count }) { connections = [:] }
        for (id, known) in participants {
            for (name, participant) in known { restored.updates[id]?.restore(name, participant) }
        }
        if isOfOtherVersion {
            (restored, decisions, connections, metrics) = (Restored(), [:], [:], [])
            (interrupted, bootTimes) = ([:], [:])
        } else if isOld, !outlivesBoot {
            finding = "it was written in another boot, and is void"
        } else if damaged > 0 {
            let place = search.damage.first?.lowerBound ?? 0
            finding = "\(damaged) of \(bytes.count) bytes are damaged, from byte \(place) on"
        }
    }

    private mutating func read(
        _ frame: Frame,
        _ boot: String,
        _ outlivesBoot: Bool
    ) throws(RecordError) {
        if let text = frame.string("asleep"), let milliseconds = Int64(text) {
            asleep = .milliseconds(milliseconds)
        }
        if let format = frame.int32("format") {
            if !RecordFrames.readable.contains(format) {
                isOfOtherVersion = true
                let age = format > RecordFrames.format ? "a later" : "an earlier"
                finding = "it was written by \(age) version"
            }
            self.format = format
            // A boot that has no id is not known again.
            isOfThisBoot = !boot.isEmpty && frame.string("boot") == boot
            isOld = !isOfThisBoot
        } else if outlivesBoot || !isOld {
            try apply(frame)
        }
    }

    private mutating func apply(_ frame: Frame) throws(RecordError) {
        let payload = frame.payload
        if let id = frame.string("update") {
            let booted = frame.string("booted").flatMap { Int64($0) }
            try applyUpdate(id, payload, booted.map { .milliseconds($0) })
        } else if let id = frame.string("participants") {
            for (name, var participant) in try RecordFrames.participants(payload, format) {
                if isOld, let known = participant {
                    interrupted[id]?.update.restore(name, known)
                    participant?.rebase(to: now)
                }
                participants[id, default: [:]][name] = participant
            }
        } else if let id = frame.string("ended") {
            restored.ended.removeAll { $0.id == id }
            guard !payload.isEmpty else { return }
            var end = try Ended(reading: payload)
            end.deploymentID = id
            if isOld { end.at = .boot }
            restored.ended.append((id, end))
        } else if let name = frame.string("owed") {
            try applyOwed(name, payload)
        } else if let name = frame.string("subscriber") {
            restored.subscribers[name] = payload.isEmpty ? nil : try processes(payload)
        } else if let number = frame.int32("decision") {
            decisions[number] = payload
        } else if let number = frame.string("connection").flatMap({ UInt64($0) }) {
            connections[PeerID(number)] =
                payload.isEmpty ? nil : try KeptConnection(reading: payload, format: format)
        } else if frame.int32("metrics") != nil {
            metrics = payload
        } else {
            throw RecordError()
        }
    }

    /// Until format 5 a byte stood there that says nothing.
    private func processes(_ payload: [UInt8]) throws(RecordError) -> Int {
        format < 6 ? 1 : try Int(reading: payload)
    }

    private mutating func applyUpdate(
        _ id: DeploymentID,
        _ payload: [UInt8],
        _ wallClockAtBoot: Duration?
    ) throws(RecordError) {
        restored.updates[id] = nil
        (interrupted[id], bootTimes[id]) = (nil, wallClockAtBoot)
        if payload.isEmpty { participants[id] = nil }
        guard !payload.isEmpty else { return }
        var update = try Update(reading: payload, format: format)
        if case .ended(var end) = update.phase {
            end.deploymentID = id
            update.phase = .ended(end)
        }
        if isOld {
            interrupted[id] = wallClockAtBoot.map { DatedUpdate(update: update, bootTime: $0) }
            update.rebase(to: now)
        }
        restored.updates[id] = update
    }

    private mutating func applyOwed(
        _ name: ComponentName,
        _ payload: [UInt8]
    ) throws(RecordError) {
        restored.owed[name] = nil
        guard !payload.isEmpty else { return }
        var posts = try OwedPosts(reading: payload).posts
        if isOld { for index in posts.indices { posts[index].until = giveUpAt } }
        restored.owed[name] = posts
    }
}

extension Ended {
    fileprivate var deploymentID: DeploymentID {
        get { ending.post("").deploymentID }
        set {
            switch ending {
            case .cancelled(var withdrawal):
                withdrawal.deploymentID = newValue
                ending = .cancelled(withdrawal)
            case .refused(var withdrawal):
                withdrawal.deploymentID = newValue
                ending = .refused(withdrawal)
            case .completed, .unknown: break
            }
        }
    }
}

extension Update {
    fileprivate mutating func rebase(to now: Instant) {
        guard case .released(var opening) = phase else { return }
        opening.at = now
        phase = .released(opening)
        announced = now - opening.waited
        deadline = now
        deadlineLastCall = nil
        // Their numbers are those of other processes now.
        (coordinators, formerProcesses) = ([], [])
    }
}

extension Participant {
    fileprivate mutating func rebase(to now: Instant) {
        blockedBefore = min(budget, blockedBefore)
        since = now
        until = nil
        question.answerBy = now
        acknowledgedAt = nil
        restore(isConfirm: isConfirm, deferralEnd: nil, deferrer: nil, processes: 0)
        blockedFrom = nil
    }
}
