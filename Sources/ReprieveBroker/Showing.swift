// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// Who watches, and what has changed since they last saw it. Shown once a turn, and with many
/// participants less often: a tenth of a millisecond apart for each, so that the showing of a
/// negotiation never costs more than the negotiation.
struct Showing: Sendable {
    private static let pacePerParticipant = Duration.microseconds(100)

    var watchers: [StreamID] = []
    /// Each once: they are few, and most changes are one update's.
    private var changed: [DeploymentID] = []
    private var notBefore: Instant?

    mutating func changed(_ id: DeploymentID) {
        if changed.last != id, !changed.contains(id) { changed.append(id) }
    }

    mutating func forget(_ peer: PeerID) { watchers.removeAll { $0.peer == peer } }

    mutating func forget(_ stream: StreamID) { watchers.removeAll { $0 == stream } }

    /// When what has changed may be shown; nil if nothing has.
    var nextDeadline: Instant? { changed.isEmpty ? nil : notBefore }

    /// What is to be shown now, sorted.
    mutating func take(at now: Instant) -> [DeploymentID] {
        guard !changed.isEmpty, notBefore.map({ $0 <= now }) ?? true else { return [] }
        defer { changed = [] }
        return changed.sorted()
    }

    mutating func hasShown(participants: Int, at now: Instant) {
        notBefore = now + Self.pacePerParticipant * participants
    }
}

extension Broker {
    mutating func show(at now: Instant) {
        let changed = showing.take(at: now)
        guard !changed.isEmpty else { return }
        var shown = 0
        for id in changed {
            guard let update = negotiation.updates[id] else { continue }
            shown += update.participants.count
            for coordinator in update.coordinators {
                send(GateEvent.progress(UpdateShape(update.status(at: now))), on: coordinator)
            }
        }
        let watchers = showing.watchers.filter { peers[$0.peer]?.outbox.isEmpty ?? false }
        if !watchers.isEmpty {
            let event = StatusEvent(status: status(at: now))
            for watcher in watchers { send(event, on: watcher) }
        }
        showing.hasShown(participants: shown, at: now)
    }

    func status(at now: Instant) -> StatusShape {
        let updates = negotiation.updates.entries.sorted { $0.announced < $1.announced }
        return StatusShape(
            updates: updates.map { UpdateShape($0.status(at: now)) },
            components: components
        )
    }

    /// Who has a connection, by name.
    private var components: [ComponentShape] {
        var shapes: [ComponentName: ComponentShape] = [:]
        for peer in peers.values where !peer.name.isEmpty {
            var shape =
                shapes[peer.name]
                ?? ComponentShape(component: peer.name, connections: 0, pids: [])
            shape.connections += 1
            let process = Int64(peer.credentials.process)
            if !shape.pids.contains(process) { shape.pids.append(process) }
            shape.unit = shape.unit ?? peer.credentials.place.unit
            shapes[peer.name] = shape
        }
        return shapes.values.sorted { $0.component < $1.component }.map { shape in
            var shape = shape
            shape.pids.sort()
            return shape
        }
    }
}
