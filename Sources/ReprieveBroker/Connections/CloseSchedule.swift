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

    private mutating func closeAt(_ deadline: Instant?, upstreamAt place: Int) {
        closing.replace(upstreams.peers[place].closeDeadline, by: deadline)
        upstreams.peers[place].closeDeadline = deadline
    }

    /// The time of a connection counts while the machine is awake: the peer was suspended, too.
    mutating func postponeCloses(by slept: Duration) {
        for index in 0..<peers.count {
            guard let deadline = peers[index].closeDeadline else { continue }
            closeAt(deadline + slept, peerAt: index)
        }
        for place in 0..<upstreams.peers.count {
            guard let deadline = upstreams.peers[place].closeDeadline else { continue }
            closeAt(deadline + slept, upstreamAt: place)
        }
    }

    /// Part of a frame has to be followed by the rest, which is a time for each frame. Whole frames
    /// wait while another has to read, and that has to be as soon.
    mutating func limitFrameTime(ofPeerAt index: Int, hasTakenFrame: Bool, at now: Instant) {
        guard peers[index].connection.phase == .open else { return }
        let old = peers[index].closeDeadline
        let hasInput = peers[index].hasInput
        let deadline = Self.frameDeadline(old, hasInput, hasTakenFrame, at: now)
        if deadline != old { closeAt(deadline, peerAt: index) }
    }

    mutating func limitFrameTime(
        ofUpstreamAt place: Int,
        hasTakenFrame: Bool,
        at now: Instant
    ) {
        let old = upstreams.peers[place].closeDeadline
        let hasInput = upstreams.peers[place].hasInput
        let deadline = Self.frameDeadline(old, hasInput, hasTakenFrame, at: now)
        if deadline != old { closeAt(deadline, upstreamAt: place) }
    }

    private static func frameDeadline(
        _ old: Instant?,
        _ hasInput: Bool,
        _ hasTakenFrame: Bool,
        at now: Instant
    ) -> Instant? {
        guard hasInput else { return nil }
        let inTime = now + Limits.clientFrameTimeout
        return hasTakenFrame ? inTime : old ?? inTime
    }

    /// The peer has read what frames wait for: those of its own, those of the upstream for it.
    mutating func renewFrameTime(ofPeerAt index: Int, at now: Instant) {
        limitFrameTime(ofPeerAt: index, hasTakenFrame: true, at: now)
        guard let place = peers[index].upstream.flatMap(upstreams.peers.index) else { return }
        limitFrameTime(ofUpstreamAt: place, hasTakenFrame: true, at: now)
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
        var dueUpstreams: [PeerID] = []
        for place in 0..<upstreams.peers.count {
            guard let deadline = upstreams.peers[place].closeDeadline else { continue }
            if deadline <= now {
                dueUpstreams.append(upstreams.peers.id(at: place))
            } else {
                closing.expect(deadline)
            }
        }
        for id in dueUpstreams.sorted() { closeLateUpstream(id, at: now) }
    }

    private mutating func closeLateUpstream(_ id: PeerID, at now: Instant) {
        guard let client = upstreams.peers[id]?.client, let index = peers.index(of: client) else {
            return
        }
        guard peers[index].hasToRead else {
            return failUpstream(id, "the upstream sent part of a frame and not the rest", at: now)
        }
        auditLog.note(.doesNotRead(peers[index].label))
        close(client, at: now)
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
