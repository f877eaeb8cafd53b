// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// How much is remembered of what was decided. Beyond it the oldest is forgotten first.
package struct HistoryLimits: Hashable, Sendable {
    package var maximumDecisions = 128
    /// Bytes of all decisions together.
    package var maximumBytes = 128 * 1_024
    /// Bytes of one decision, so that sixteen of them always have room.
    package var maximumDecisionBytes = 8 * 1_024
    /// Participants listed in a decision: overridden ones, then those that blocked longest.
    package var maximumParticipants = 128
}

/// The decisions, oldest first, as they stand in the state file.
///
/// A decision is made when its update has ended. Until then nothing changes what it says, and all
/// of that is written down with the update: whoever asks is shown a decision that is made then
/// (`including`). Only an update that an earlier boot released has an open one here, since its
/// instants are those of that boot.
struct History: Sendable {
    struct Entry: Sendable {
        var number: Int32
        var deploymentID: DeploymentID
        var announcedAtMs: Int64
        /// The update's outcome is not known yet.
        var isOpen: Bool
        /// As it is kept: a later version may have written it.
        var json: [UInt8]
        /// As this version writes it.
        var shown: [UInt8]
    }

    private(set) var entries: [Entry] = []
    private var byteCount = 0
    private var limits = HistoryLimits()

    init() {}

    init(_ kept: [Int32: [UInt8]], limits: HistoryLimits) {
        self.limits = limits
        for (number, json) in kept.sorted(by: { $0.key < $1.key }) {
            if let entry = Entry(number, kept: json) { append(entry) }
        }
    }

    /// Enters the end of an update, and returns what is now to be kept of it. The boot began at two
    /// times if the clock was set since the release.
    mutating func enter(
        _ update: Update,
        _ end: Ended,
        released: Duration,
        ended: Duration
    ) -> Entry {
        let known = place(ofOpen: update.id)
        let opened = known.flatMap { try? DecisionShape(kept: entries[$0].json) }
        var shape = opened ?? DecisionShape(update, end, released, limits)
        shape.enter(end, ended)
        let json = shape.shorten(to: limits.maximumDecisionBytes)
        guard let known else { return append(Entry(nextNumber, shape, json)) }
        return replace(known, by: Entry(nextNumber, shape, json))
    }

    /// Enters those updates that are released and not entered yet, in the order of their releases.
    @discardableResult
    mutating func enter(released updates: [DatedUpdate]) -> [Entry] {
        updates.sorted { ($0.releasedAt, $0.update.id) < ($1.releasedAt, $1.update.id) }
            .compactMap { dated in
                let update = dated.update
                guard update.opening != nil, place(ofOpen: update.id) == nil else { return nil }
                var shape = DecisionShape(update, nil, dated.bootTime, limits)
                let json = shape.shorten(to: limits.maximumDecisionBytes)
                return append(Entry(nextNumber, shape, json))
            }
    }

    /// The history with the updates that this boot has released.
    func including(_ updates: [Update], _ bootTimes: [DeploymentID: Duration]) -> History {
        var history = self
        let dated = updates.compactMap { update in
            bootTimes[update.id].map { DatedUpdate(update: update, bootTime: $0) }
        }
        history.enter(released: dated)
        return history
    }

    private func place(ofOpen id: DeploymentID) -> Int? {
        entries.lastIndex { $0.isOpen && $0.deploymentID == id }
    }

    /// Adds what only the journal knows, and returns it.
    mutating func add(_ kept: [Int32: [UInt8]]) -> [Entry] {
        kept.sorted { $0.key < $1.key }.compactMap { _, json in
            guard let entry = Entry(nextNumber, kept: json) else { return nil }
            let known = entries.lastIndex { known in
                known.deploymentID == entry.deploymentID
                    && known.announcedAtMs == entry.announcedAtMs
            }
            guard let known else { return append(entry) }
            guard entries[known].isOpen, !entry.isOpen else { return nil }
            return replace(known, by: entry)
        }
    }

    private var nextNumber: Int32 { (entries.last?.number ?? 0) &+ 1 }

    private mutating func replace(_ index: Int, by entry: Entry) -> Entry {
        var entry = entry
        entry.number = entries[index].number
        byteCount += entry.json.count - entries[index].json.count
        entries[index] = entry
        return entry
    }

    @discardableResult
    private mutating func append(_ entry: Entry) -> Entry {
        entries.append(entry)
        byteCount += entry.json.count
        while entries.count > limits.maximumDecisions
            || entries.count > 1 && byteCount > limits.maximumBytes
        {
            byteCount -= entries.removeFirst().json.count
        }
        return entry
    }

    /// The decisions that are asked for, newest first, as JSON.
    func decisions(_ request: HistoryRequest) -> [[UInt8]] {
        let wanted = entries.reversed().lazy.filter { entry in
            request.deploymentID.map { $0 == entry.deploymentID } ?? true
        }
        return wanted.prefix(Int(clamping: request.limit ?? .max)).map(\.shown)
    }

    /// All of them, newest first, each read when it is asked for.
    var decisions: some Sequence<DecisionShape> {
        entries.reversed().lazy.compactMap { try? DecisionShape(kept: $0.json) }
    }
}

/// An update, and when the boot began of which its instants are, since 1970.
struct DatedUpdate {
    var update: Update
    var bootTime: Duration

    fileprivate var releasedAt: Int64 { update.opening?.at.stamp(bootTime) ?? 0 }
}

extension History.Entry {
    fileprivate init(_ number: Int32, _ shape: DecisionShape, _ json: [UInt8]) {
        self.number = number
        deploymentID = shape.deploymentID
        announcedAtMs = shape.announcedAtMs
        isOpen = shape.endedAtMs == nil
        (self.json, shown) = (json, json)
    }

    /// Nil for what is no decision.
    fileprivate init?(_ number: Int32, kept json: [UInt8]) {
        guard let shape = try? DecisionShape(kept: json) else { return nil }
        self.init(number, shape, json)
        let shown = shape.encoded()
        // Most are the same, and in memory once.
        if shown != json { self.shown = shown }
    }
}

extension DecisionShape {
    fileprivate init(kept json: [UInt8]) throws {
        self = try DecisionShape(decoding: json, limits: .fromBroker)
    }

    fileprivate init(
        _ update: Update,
        _ end: Ended?,
        _ bootTime: Duration,
        _ limits: HistoryLimits
    ) {
        self.init(deploymentID: update.id)
        reason = update.request.reason
        disruption = update.request.disruption
        announcedAtMs = update.announced.stamp(bootTime)
        forced = update.forced.map { ByWhomShape(by: $0.by, reason: $0.reason) }
        if let opening = update.opening {
            waitedMs = opening.waited.wholeMilliseconds
            releasedAtMs = opening.at.stamp(bootTime)
            basis = opening.basis
        }
        let decided = update.release?.at ?? end?.at ?? update.announced
        let told = update.mostAffecting(at: decided, limit: limits.maximumParticipants)
        omitted = Int64(update.participants.count - told.count)
        let overridden = update.participants.entries.count { $0.state == .overridden }
        omittedOverridden = Int64(max(0, overridden - told.count))
        let entries = update.participants.entries.span
        participants.reserveCapacity(told.count)
        for (place, blocked) in told {
            var deferral: LastDeferralShape?
            if let last = entries[place].lastDeferral {
                let grantedMs = last.granted.wholeMilliseconds
                deferral = LastDeferralShape(grantedMs: grantedMs, message: last.message)
            }
            participants.append(
                DecidedParticipantShape(
                    component: update.participants.names[place],
                    state: entries[place].state,
                    sinceAtMs: entries[place].since.stamp(bootTime),
                    rounds: entries[place].question.round,
                    deferrals: Int64(entries[place].deferrals),
                    blockedMs: blocked.wholeMilliseconds,
                    lastDeferral: deferral,
                    message: entries[place].message
                )
            )
        }
    }

    fileprivate mutating func enter(_ end: Ended, _ bootTime: Duration) {
        let stamp = end.at.stamp(bootTime)
        endedAtMs = stamp
        if releasedAtMs == nil { waitedMs = max(0, stamp - announcedAtMs) }
        let post = end.ending.post(deploymentID)
        outcome = post.outcome
        switch end.ending {
        case .completed(_, let message): self.message = message
        case .cancelled(let withdrawal):
            cancelled = ByWhomShape(by: withdrawal.by, reason: withdrawal.reason)
        case .refused(let withdrawal):
            refused = ByWhomShape(by: withdrawal.by, reason: withdrawal.reason)
        case .unknown: break
        }
    }
}

extension Instant {
    /// Milliseconds since 1970.
    fileprivate func stamp(_ bootTime: Duration) -> Int64 {
        (bootTime + sinceBoot).wholeMilliseconds
    }
}
