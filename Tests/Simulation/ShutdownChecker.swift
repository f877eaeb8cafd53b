// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Outsider
import ReprieveBroker
import ReprieveProtocol

/// Knows what `Protocol/shutdown.md` promises of the machine's shutdowns, and objects to the rest.
struct ShutdownChecker {
    private struct Begun {
        /// Nil where nobody was there to be asked.
        var id: DeploymentID?
        var end: Instant
    }

    private var begun: Begun?

    var isGoingDown: Bool { begun != nil }

    /// The shutdown's update, while there is a shutdown.
    var id: DeploymentID? { begun?.id }

    /// A shutdown is announced: `trace` are what came of it.
    mutating func begin(
        _ limit: Duration,
        _ trace: [TraceEntry],
        hasSubscribers: Bool,
        at now: Instant
    ) -> [String] {
        let announcements = trace.filter { $0.announcement?.coordinator.isBroker ?? false }
        guard begun == nil else {
            return announcements.isEmpty ? [] : ["a shutdown was announced twice"]
        }
        begun = Begun(id: announcements.first?.announcement?.request.deploymentID, end: now + limit)
        guard hasSubscribers, let entry = announcements.first, let id else {
            return hasSubscribers ? ["nobody was asked of a shutdown"] : []
        }
        guard let update = entry.after.updates[id], entry.before.updates[id] == nil else {
            return ["a shutdown's update was not taken"]
        }
        let margin = min(.seconds(1), limit / 10)
        let isFair =
            update.request.policy.deadline == limit - margin
            && update.request.policy.onSilence == .proceed && update.request.disruption.stopsMachine
        return isFair ? [] : ["a shutdown's update has another policy"]
    }

    /// The machine stays up.
    mutating func callOff(_ before: Negotiation, _ after: Negotiation) -> [String] {
        defer { begun = nil }
        guard let id, let update = before.updates[id] else { return [] }
        switch after.ending(of: id)?.ending {
        case .cancelled where update.isWaiting: return []
        case .completed(.failed, _) where !update.isWaiting: return []
        default: return ["a shutdown was called off, and its update ended otherwise"]
        }
    }

    /// The broker goes on with what it knows, or the machine is another one.
    mutating func restart(_ after: Negotiation) {
        if id.flatMap({ after.updates[$0] }) == nil { begun = nil }
    }

    /// A gate that the device slept through opens later.
    mutating func suspend(_ asleep: Duration, _ after: Negotiation) {
        guard let begun, let id, let update = after.updates[id] else { return }
        self.begun?.end = begun.end + asleep + update.request.policy.responseTimeout
    }

    /// Nobody but the broker ends it.
    func objectToEnd(_ entry: TraceEntry) -> [String] {
        let isOurs =
            switch entry.event {
            case .completed(let id, _, _, let stream), .cancelled(let id, _, _, let stream):
                id != self.id || entry.before.updates[id] == nil || stream.isBroker
            default: true
            }
        return isOurs ? [] : ["somebody else ended the machine's shutdown"]
    }

    /// Whoever is ready for it is not asked, and nobody else is left out.
    func objectToExcuses(_ entry: TraceEntry, _ invariants: InvariantChecker) -> [String] {
        guard let (request, coordinator) = entry.announcement,
            entry.before.updates[request.deploymentID] == nil
        else { return [] }
        var ready: Set<StreamID> = []
        if coordinator.isBroker {
            ready = invariants.readySubscriptions { $0.includesReboot }
        } else if let id {
            // A veto's yes to the shutdown is none to an update.
            ready = invariants.withoutVetoes(
                invariants.readySubscriptions { $0.deploymentID == id }
            )
        }
        var objections: [String] = []
        for case .notify(let stream, let notice) in entry.actions
        where notice.deploymentID == request.deploymentID && ready.contains(stream) {
            objections.append("somebody was asked again who is ready to be stopped")
        }
        let spared = request.excused.filter { invariants.isSubscribed($0) && !ready.contains($0) }
        if !spared.isEmpty { objections.append("somebody was not asked who is not ready") }
        return objections
    }

    /// What the machine is kept from, as it should be.
    func objectTo(_ kept: Inhibition, _ scene: Scene, at now: Instant) -> [String] {
        var objections: [String] = []
        let waits = id.map { scene.isShut($0) } ?? false
        let isWatched = scene.hasSubscribers || !scene.underway.isEmpty
        let delays = begun == nil ? isWatched : waits
        if kept.delays != delays { objections.append("the machine is kept up: \(kept.delays)") }
        if kept.listens != (isWatched || begun != nil) {
            objections.append("shutdowns are heard of: \(kept.listens)")
        }
        if let begun, kept.delays, begun.end <= now {
            objections.append("a shutdown is put off beyond its limit")
        }
        let isApplied = scene.underway.contains { !$0.disruption.stopsMachine }
        let refusing = isApplied ? ["Reprieve"] : scene.holders
        let holders = begun == nil && scene.blocks ? refusing : []
        let isNamed = kept.block.map { block in holders.contains { block.who.hasPrefix($0) } }
        if isNamed != (holders.isEmpty ? nil : true) {
            objections.append("a shutdown is refused for \(kept.block?.who ?? "nobody")")
        }
        return objections
    }

    /// What there is to be seen.
    struct Scene {
        var hasSubscribers: Bool
        var isShut: (DeploymentID) -> Bool
        /// The exclusive updates that a shutdown must not cut off.
        var underway: [UpdateRequest]
        /// Shutdowns are to be refused while anybody holds an update back.
        var blocks: Bool
        var holders: [ComponentName]
    }
}

extension TraceEntry {
    fileprivate var announcement: (request: UpdateRequest, coordinator: StreamID)? {
        if case .announced(let request, let stream, _) = event { (request, stream) } else { nil }
    }
}

extension StreamID {
    /// The broker announces shutdowns itself.
    fileprivate var isBroker: Bool { peer == PeerID(0) }
}

extension UpdateRequest {
    fileprivate var includesReboot: Bool {
        disruption.stopsNucleus
    }
}
