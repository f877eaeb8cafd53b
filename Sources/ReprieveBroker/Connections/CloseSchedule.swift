// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation
internal import ReprieveProtocol

/// When connections are looked through for those whose time is over. They are many, and any of
/// them may end before: so one instant is kept, that of the earliest.
struct CloseSchedule: Sendable {
    /// So that connections whose times end one by one are not looked through for each.
    private static let pause = Duration.milliseconds(50)

    /// Nil while no connection has a deadline.
    private(set) var deadline: Instant?
    private var connections = 0
    private var notBefore: Instant?

    mutating func replace(_ old: Instant?, by new: Instant?) {
        connections += (new == nil ? 0 : 1) - (old == nil ? 0 : 1)
        if connections == 0 { deadline = nil }
        if let new { expect(new) }
    }

    mutating func expect(_ closeDeadline: Instant) {
        let wanted = notBefore.map { max($0, closeDeadline) } ?? closeDeadline
        deadline = deadline.map { min($0, wanted) } ?? wanted
    }

    mutating func isDue(at now: Instant) -> Bool {
        guard let deadline, deadline <= now else { return false }
        self.deadline = nil
        notBefore = now + Self.pause
        return true
    }
}

extension Broker {
    /// Closes the connection at an instant, or no longer.
    mutating func closeAt(_ deadline: Instant?, peerAt index: Int) {
        closing.replace(peers[index].closeDeadline, by: deadline)
        peers[index].closeDeadline = deadline
    }

    /// The time of a connection counts while the machine is awake: the peer was suspended, too.
    mutating func postponeCloses(by slept: Duration) {
        for index in 0..<peers.count {
            guard let deadline = peers[index].closeDeadline else { continue }
            closeAt(deadline + slept, peerAt: index)
        }
    }

    /// Part of a frame has to be followed by the rest. Whole frames wait while the peer has to
    /// read, and it has to do that as soon.
    mutating func limitFrameTime(ofPeerAt index: Int, at now: Instant) {
        guard peers[index].connection.phase == .open else { return }
        let isPartial = peers[index].hasInput || upstreamHasInput(index)
        guard isPartial != (peers[index].closeDeadline != nil) else { return }
        closeAt(isPartial ? now + Limits.clientFrameTimeout : nil, peerAt: index)
    }

    /// A peer that reads while its frames wait has as much time again.
    mutating func renewFrameTime(ofPeerAt index: Int, at now: Instant) {
        guard peers[index].connection.phase == .open, peers[index].closeDeadline != nil else {
            return
        }
        closeAt(now + Limits.clientFrameTimeout, peerAt: index)
    }

    /// Closes connections whose time for a handshake, for a frame, or for closing, is over.
    mutating func closeWhatIsDue(at now: Instant) {
        guard closing.isDue(at: now) else { return }
        var due: [PeerID] = []
        for index in 0..<peers.count {
            guard let deadline = peers[index].closeDeadline else { continue }
            if deadline <= now { due.append(peers.id(at: index)) } else { closing.expect(deadline) }
        }
        for id in due.sorted() { closeLatePeer(id, at: now) }
    }

    private mutating func closeLatePeer(_ id: PeerID, at now: Instant) {
        guard let index = peers.index(of: id) else { return }
        let reason = upstreamDelay(ofPeerAt: index)
        var peer = peers[index]
        if let reason {
            let upstream = peer.upstream
            if peer.connection.phase == .connecting {
                upstreams.report.noteUnreachable(reason)
                return refuse(index, reason, at: now)
            } else if let upstream {
                return failUpstream(upstream, reason, at: now)
            }
        }
        switch peer.connection.phase {
        case .awaitingConnect: auditLog.note(.noHandshake(peer.label))
        case .open where peer.hasToRead: auditLog.note(.doesNotRead(peer.label))
        case .open: auditLog.note(.partialFrame(peer.label))
        case .connecting, .closing: break
        }
        close(id, at: now)
    }
}
