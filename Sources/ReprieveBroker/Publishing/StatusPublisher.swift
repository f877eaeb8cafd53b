// SPDX-License-Identifier: Apache-2.0

package import Negotiation
package import ReprieveProtocol

/// The streams on which status is published, and which of them are behind.
///
/// Each subscriber is sent the latest state, one document, when its socket takes it: what changes
/// meanwhile replaces what it was not sent. With many participants documents leave less often, a
/// tenth of a millisecond apart for each participant, and for each five connections that a status
/// counts. So publishing a negotiation never costs more than the negotiation. A coordinator's first
/// document waits as long as participants take that answer at once: where all do, there is none.
struct StatusPublisher: Sendable {
    private static let firstProgress = Duration.milliseconds(1)
    private static let pacePerParticipant = Duration.microseconds(100)
    private static let pacePerConnection = Duration.microseconds(20)

    struct Subscriber: Sendable {
        var stream: StreamID
        /// The update whose progress a coordinator is sent; nil for the status of all.
        var update: DeploymentID?
        var isBehind: Bool
        /// When its first document may leave.
        fileprivate var first: Instant
    }

    private(set) var subscribers: [Subscriber] = []
    /// The pace of all documents.
    private var notBefore: Instant?
    /// When the next document may leave that has to wait; nil if none has.
    private(set) var nextDeadline: Instant?

    /// Publishes the status of all updates on a stream, or the progress of one with so many
    /// participants.
    mutating func add(
        _ stream: StreamID,
        of update: DeploymentID? = nil,
        participants: Int? = nil,
        at now: Instant
    ) {
        let wait = participants.map { Self.firstProgress + Self.pacePerParticipant * $0 }
        let first = now + (wait ?? .zero)
        subscribers.append(
            Subscriber(stream: stream, update: update, isBehind: true, first: first)
        )
        notBefore = nil
    }

    mutating func remove(_ stream: StreamID) { subscribers.removeAll { $0.stream == stream } }

    mutating func forget(_ peer: PeerID) { subscribers.removeAll { $0.stream.peer == peer } }

    mutating func noteChange(of id: DeploymentID) {
        for index in subscribers.indices where subscribers[index].update.map({ $0 == id }) ?? true {
            subscribers[index].isBehind = true
        }
    }

    /// Takes the subscribers that are behind and for which `isReady` holds, once their time has
    /// come.
    mutating func take(at now: Instant, _ isReady: (PeerID) -> Bool) -> [Subscriber] {
        var due: [Subscriber] = []
        nextDeadline = nil
        for index in subscribers.indices {
            let subscriber = subscribers[index]
            guard subscriber.isBehind, isReady(subscriber.stream.peer) else { continue }
            let time = max(subscriber.first, notBefore ?? now)
            if now < time {
                nextDeadline = earliest(nextDeadline, time)
            } else {
                subscribers[index].isBehind = false
                due.append(subscriber)
            }
        }
        return due
    }

    mutating func hasPublished(participants: Int, connections: Int, at now: Instant) {
        notBefore =
            now + Self.pacePerParticipant * participants + Self.pacePerConnection * connections
    }
}

extension Broker {
    /// Sends the latest state to the subscribers that are behind and whose sockets are not full.
    mutating func publishStatus(at now: Instant) {
        let due = statusPublisher.take(at: now) { peers[$0]?.isStalled == false }
        if !due.isEmpty { publish(to: due, at: now) }
        publishStatusLine(at: now)
    }

    private mutating func publish(to due: [StatusPublisher.Subscriber], at now: Instant) {
        var shown = 0
        for subscriber in due {
            guard let id = subscriber.update,
                let update = negotiation.updates[id], update.isWaiting
            else { continue }
            shown += update.participants.count
            let shape = UpdateShape(update.status(at: now), limit: Limits.progressParticipants)
            send(GateEvent.progress(shape), on: subscriber.stream)
        }
        let watchers = due.filter { $0.update == nil }.map(\.stream)
        if !watchers.isEmpty { publishStatus(to: watchers, at: now) }
        statusPublisher.hasPublished(
            participants: shown + (watchers.isEmpty ? 0 : participantCount),
            connections: watchers.isEmpty ? 0 : peers.count,
            at: now
        )
    }

    /// One document for all, which is made and encoded once.
    private mutating func publishStatus(to watchers: [StreamID], at now: Instant) {
        let payload = StatusEvent(status: status(at: now)).encoded()
        for stream in watchers { send(payload, on: stream) }
    }

    private var participantCount: Int {
        negotiation.updates.entries.reduce(0) { $0 + $1.participants.count }
    }

    /// The status of everything, as an operator is told it.
    package func status(at now: Instant) -> StatusShape {
        let updates = negotiation.updates.entries.sorted { $0.announced < $1.announced }
        let limit = Limits.statusParticipants / max(1, updates.count)
        var status = StatusShape(
            updates: updates.map { UpdateShape($0.status(at: now), limit: limit) },
            components: components,
            missing: negotiation.missing
        )
        status.list(accountShapes)
        status.tokensFile = settings.tokensFile
        status.inhibitors = inhibitionPace.latest.shapes
        status.policy = PolicyShape(settings.policy)
        status.upstream = upstreamShape
        return status
    }

    /// The components that have a connection, by name.
    private var components: [ComponentShape] {
        var shapes: [ComponentName: ComponentShape] = [:]
        for peer in peers.values where !peer.name.isEmpty {
            let none = ComponentShape(component: peer.name, connections: 0, pids: [])
            shapes[peer.name, default: none].count(peer.credentials)
        }
        return shapes.values.sorted { $0.component < $1.component }.map { shape in
            var shape = shape
            shape.pids = Set(shape.pids).sorted()
            return shape
        }
    }
}

extension ComponentShape {
    /// Adds a connection. Its process may be there already.
    fileprivate mutating func count(_ credentials: Credentials) {
        connections += 1
        pids.append(Int64(credentials.process))
        unit = unit ?? credentials.place.unit
    }
}
