// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

// From frames to a peer's outbox, and from there to its socket.

extension Broker {
    /// Responds to a request.
    mutating func respond(_ stream: StreamID, _ shape: some Shape) {
        respond(stream, shape.encoded())
    }

    /// Responds with what is encoded already.
    mutating func respond(_ stream: StreamID, _ payload: [UInt8]) {
        guard let index = peers.index(of: stream.peer) else { return }
        send(peers[index].connection.respond(stream.number, payload), toPeerAt: index)
    }

    /// Sends an event on a stream.
    mutating func send(_ event: some Shape, on stream: StreamID, isLast: Bool = false) {
        send(event.encoded(), on: stream, isLast: isLast)
    }

    /// Sends an event that is encoded already.
    mutating func send(_ payload: [UInt8], on stream: StreamID, isLast: Bool = false) {
        guard let index = peers.index(of: stream.peer) else { return }
        let frame = peers[index].connection.send(stream.number, payload, isLast: isLast)
        send(frame, toPeerAt: index)
    }

    mutating func fail(_ stream: StreamID, _ error: ErrorShape) {
        guard let index = peers.index(of: stream.peer) else { return }
        auditLog.note(.failed(peers[index].name, error.message))
        send(peers[index].connection.fail(stream.number, error), toPeerAt: index)
    }

    /// Puts a frame into a peer's outbox.
    mutating func send(_ frame: [UInt8], toPeerAt index: Int) {
        guard !frame.isEmpty else { return }
        peers[index].outbox.append(frame)
        awaitWrite(toPeerAt: index)
    }

    /// Has the peer's outbox offered to its socket at the end of the step.
    mutating func awaitWrite(toPeerAt index: Int) {
        guard !peers[index].awaitsWrite else { return }
        peers[index].awaitsWrite = true
        peersToWrite.append(peers.id(at: index))
    }

    /// What waits for a peer whose socket is full has a limit; beyond it the peer does not read.
    mutating func closePeersThatDoNotRead(at now: Instant) {
        var next = 0
        while next < peersToWrite.count {
            closeIfItDoesNotRead(peersToWrite[next], at: now)
            next += 1
        }
    }

    private mutating func closeIfItDoesNotRead(_ id: PeerID, at now: Instant) {
        guard let index = peers.index(of: id) else {
            // The upstream: what waits for it is limited by what is read of the client.
            let client = upstreams.peers[id]?.client
            if let index = client.flatMap(peers.index) { chargeBytes(ofPeerAt: index, at: now) }
            return
        }
        closeIfItDoesNotRead(peerAt: index, at: now)
    }

    private mutating func closeIfItDoesNotRead(peerAt index: Int, at now: Instant) {
        guard peers[index].isStalled, peers[index].outbox.count > peers[index].outboxLimit else {
            return chargeBytes(ofPeerAt: index, at: now)
        }
        auditLog.note(.doesNotRead(peers[index].label))
        close(peers.id(at: index), at: now)
    }

    /// Offers what waits for a peer to its socket, unless that is full.
    mutating func offerOutput(of id: PeerID) {
        guard let index = peers.index(of: id) else { return offerUpstreamOutput(of: id) }
        peers[index].awaitsWrite = false
        guard !peers[index].isStalled else { return }
        effects.writes.append(PeerWrite(id, peers[index].outbox))
    }

    mutating func noteWritten(_ count: Int, to id: PeerID, at now: Instant) {
        guard let index = peers.index(of: id) else {
            return noteWrittenUpstream(count, to: id, at: now)
        }
        if count > 0, peers[index].hasToRead { renewFrameTime(ofPeerAt: index, at: now) }
        peers[index].outbox.drop(count)
        peers[index].isStalled = !peers[index].outbox.isEmpty
        noteRecord(ofPeerAt: index)
    }

    /// Handles the frames that waited until a peer had read. All that was written is noted.
    mutating func handleWhatWaited(for id: PeerID, at now: Instant) {
        guard let index = peers.index(of: id) else {
            return handleWhatWaited(forUpstream: id, at: now)
        }
        let mayGoOn = peers[index].hasInput || hasUpstream(index)
        closeIfItDoesNotRead(peerAt: index, at: now)
        guard mayGoOn else { return }
        if let index = peers.index(of: id), peers[index].hasInput {
            handleFrames(of: id, at: now)
        }
        if let index = peers.index(of: id), let upstream = peers[index].upstream,
            upstreams.peers[upstream]?.hasInput == true
        {
            handleUpstreamFrames(of: upstream, at: now)
        }
    }

    mutating func noteWritable(_ id: PeerID) {
        guard let index = peers.index(of: id) else { return noteUpstreamWritable(id) }
        guard peers[index].isStalled else { return }
        peers[index].isStalled = false
        awaitWrite(toPeerAt: index)
    }
}
