// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation
internal import ReprieveProtocol

// Frames between a client and the upstream. Each side is read only as fast as the other one reads.

extension Broker {
    /// A connection ended from the other side.
    mutating func hangUp(_ id: PeerID, at now: Instant) {
        if upstreams.peers.index(of: id) != nil {
            handleUpstreamFrames(of: id, toTheEnd: true, at: now)
            return failUpstream(id, "the upstream hung up", at: now)
        }
        // What the client has sent is for the upstream, however fast that reads.
        if peers[id]?.upstream != nil { handleFrames(of: id, toTheEnd: true, at: now) }
        close(id, at: now)
    }

    // MARK: - To the upstream

    mutating func forward(
        _ frame: Frame,
        _ stream: Int32,
        _ operation: String?,
        ofPeerAt index: Int
    ) {
        guard let id = peers[index].upstream, let place = upstreams.peers.index(of: id) else {
            return
        }
        do {
            let bytes =
                if let operation {
                    try upstreams.peers[place].connection.request(frame, operation, of: stream)
                } else {
                    try upstreams.peers[place].connection.more(frame, of: stream)
                }
            if let bytes { sendUpstream(bytes, to: id) }
        } catch {
            auditLog.note(.failed(peers[index].name, error.message))
            send(peers[index].connection.fail(stream, error), toPeerAt: index)
            closeAtUpstream(stream, ofPeerAt: index)
        }
    }

    /// Subscribes at the upstream, too: one that makes updates itself goes on asking components.
    mutating func subscribeAtUpstream(_ request: Request) {
        guard let index = peers.index(of: request.stream.peer), let id = peers[index].upstream,
            peers[index].connection.operation(of: request.stream.number) != nil,
            let place = upstreams.peers.index(of: id)
        else { return }
        let frame = upstreams.peers[place].connection.subscribe(of: request.stream.number)
        if let frame { sendUpstream(frame, to: id) }
    }

    /// Passes on the answer to an update of the upstream's. While one of ours goes first, no answer
    /// lets it go ahead. False where ours is the same update and asks the client, too: then the
    /// answer is to both. False also where it makes no sense: then it is an error here.
    mutating func answerAtUpstream(_ request: Request) -> Bool {
        guard let index = peers.index(of: request.stream.peer), let id = peers[index].upstream,
            let place = upstreams.peers.index(of: id),
            let update = upstreams.peers[place].connection.update(answeredBy: request.payload)
        else { return false }
        let stream = request.stream.number
        let ours = updateThatDefers(update)
        let isToBoth = ours == update && isTold(of: update, index)
        let answer = try? DeferRequest(decoding: request.payload)
        if ours != nil, answer == nil { return false }
        do {
            if let ours, let answer, !UpstreamConnection.holds(answer) {
                postpone(update, for: ours, place)
                if !isToBoth { respond(request.stream, Empty()) }
            } else {
                let payload = request.payload
                let frame = try upstreams.peers[place].connection.answer(
                    payload,
                    of: isToBoth ? nil : stream
                )
                if !isToBoth { _ = peers[index].connection.takeRequest(stream) }
                if let frame { sendUpstream(frame, to: id) }
            }
        } catch {
            if !isToBoth { fail(request.stream, error) }
        }
        return !isToBoth
    }

    /// Ends a stream of the client at the upstream, if it is open there.
    mutating func closeAtUpstream(_ stream: Int32, ofPeerAt index: Int) {
        guard let id = peers[index].upstream, let place = upstreams.peers.index(of: id),
            let frame = upstreams.peers[place].connection.close(stream)
        else { return }
        sendUpstream(frame, to: id)
    }

    /// Puts a frame into the outbox of a connection to the upstream.
    mutating func sendUpstream(_ frame: [UInt8], to id: PeerID) {
        guard let place = upstreams.peers.index(of: id) else { return }
        upstreams.peers[place].outbox.append(frame)
        awaitUpstreamWrite(at: place)
    }

    mutating func awaitUpstreamWrite(at place: Int) {
        guard !upstreams.peers[place].awaitsWrite else { return }
        upstreams.peers[place].awaitsWrite = true
        peersToWrite.append(upstreams.peers.id(at: place))
    }

    // MARK: - From the upstream

    mutating func receiveFromUpstream(_ bytes: [UInt8], _ id: PeerID, at now: Instant) {
        guard let place = upstreams.peers.index(of: id) else { return }
        upstreams.peers[place].decoder.append(bytes)
        handleUpstreamFrames(of: id, at: now)
    }

    /// Handles the frames that the upstream has sent for a client, until enough wait for that. The
    /// others are handled when it has read.
    mutating func handleUpstreamFrames(
        of id: PeerID,
        toTheEnd: Bool = false,
        at now: Instant
    ) {
        var hasTakenFrame = false
        do {
            while let place = upstreams.peers.index(of: id),
                let index = peers.index(of: upstreams.peers[place].client),
                toTheEnd || !peers[index].hasToRead,
                let frame = try upstreams.peers[place].decoder.next()
            {
                hasTakenFrame = true
                guard let event = upstreams.peers[place].connection.receive(frame) else { continue }
                handle(event, index, place, at: now)
            }
        } catch {
            let advice = error.isTooLong ? "; UpstreamFrame= admits longer ones" : ""
            let reason = "the upstream sent no frame: \(error.message)\(advice)"
            return failUpstream(id, reason, at: now)
        }
        pauseUpstream(id, hasTakenFrame: hasTakenFrame, at: now)
    }

    private mutating func handle(
        _ event: UpstreamConnection.Event,
        _ index: Int,
        _ place: Int,
        at now: Instant
    ) {
        let id = upstreams.peers.id(at: place)
        switch event {
        case .accepted: noteAccepted(index, place, at: now)
        case .denied: failUpstream(id, "the upstream denied its token", at: now)
        case .named(let name): acceptFromUpstream(index, named: name, at: now)
        case .forward(let frame): send(frame, toPeerAt: index)
        case .announced(let update, let frame): pass(frame, about: update, index, place)
        case .ended(let update, let frame):
            if !isTold(of: update, index) { send(frame, toPeerAt: index) }
        case .reply(let frame): sendUpstream(frame, to: id)
        case .broken(let reason):
            failUpstream(id, "the upstream broke the protocol: " + reason, at: now)
        }
    }

    /// Tells a component of an update of the upstream's, or has that wait for one of ours: of two
    /// updates at once one would cut the other off.
    private mutating func pass(
        _ frame: [UInt8],
        about update: String,
        _ index: Int,
        _ place: Int
    ) {
        if let ours = updateThatDefers(update) {
            postpone(update, for: ours, place)
        } else {
            upstreams.peers[place].connection.note(announced: update)
            send(frame, toPeerAt: index)
        }
    }

    private mutating func postpone(_ update: String, for ours: DeploymentID, _ place: Int) {
        let reason = "update \(ours) of reprieved goes first"
        let frame = upstreams.peers[place].connection.postpone(update, because: reason)
        if let frame { sendUpstream(frame, to: upstreams.peers.id(at: place)) }
    }

    /// The same one while it waits here, or an exclusive one that waits or is under way. One that
    /// both have announced is made when it is released here.
    private func updateThatDefers(_ other: String) -> DeploymentID? {
        if let same = negotiation.updates[other] { return same.isWaiting ? other : nil }
        return negotiation.updates.entries.first { $0.request.isExclusive }?.id
    }

    /// Whether a client is told of an update by this broker, and of its end.
    private func isTold(of update: String, _ index: Int) -> Bool {
        negotiation.updates[update]?.participants[peers[index].name]?.isTold ?? false
    }

    private mutating func pauseUpstream(
        _ id: PeerID,
        hasTakenFrame: Bool,
        at now: Instant
    ) {
        guard let place = upstreams.peers.index(of: id),
            let index = peers.index(of: upstreams.peers[place].client)
        else { return }
        let waits = peers[index].hasToRead && upstreams.peers[place].hasInput
        if waits != upstreams.peers[place].isPaused {
            upstreams.peers[place].isPaused = waits
            effects.pauses.append(PeerPause(peer: id, isPaused: waits))
        }
        if peers[index].connection.phase == .open {
            limitFrameTime(ofUpstreamAt: place, hasTakenFrame: hasTakenFrame, at: now)
        }
        noteRecord(ofPeerAt: index)
        chargeBytes(ofPeerAt: index, at: now)
    }

    // MARK: - Outboxes

    mutating func offerUpstreamOutput(of id: PeerID) {
        guard let place = upstreams.peers.index(of: id) else { return }
        upstreams.peers[place].awaitsWrite = false
        guard !upstreams.peers[place].isStalled else { return }
        effects.writes.append(PeerWrite(id, upstreams.peers[place].outbox))
    }

    mutating func noteWrittenUpstream(_ count: Int, to id: PeerID, at now: Instant) {
        guard let place = upstreams.peers.index(of: id),
            let index = peers.index(of: upstreams.peers[place].client)
        else { return }
        // It was not full any more when that was offered.
        let hadToRead = upstreams.peers[place].outbox.count >= Limits.waitingReplies
        if count > 0, hadToRead { renewFrameTime(ofPeerAt: index, at: now) }
        upstreams.peers[place].outbox.drop(count)
        upstreams.peers[place].isStalled = !upstreams.peers[place].outbox.isEmpty
        noteRecord(ofPeerAt: index)
    }

    mutating func handleWhatWaited(forUpstream id: PeerID, at now: Instant) {
        guard let client = upstreams.peers[id]?.client, let index = peers.index(of: client) else {
            return
        }
        chargeBytes(ofPeerAt: index, at: now)
        if let index = peers.index(of: client), peers[index].hasInput {
            handleFrames(of: client, at: now)
        }
    }

    mutating func noteUpstreamWritable(_ id: PeerID) {
        guard let place = upstreams.peers.index(of: id), upstreams.peers[place].isStalled else {
            return
        }
        upstreams.peers[place].isStalled = false
        awaitUpstreamWrite(at: place)
    }

    // MARK: - What a client's frames wait for

    func upstream(ofPeerAt index: Int) -> UpstreamPeer? {
        peers[index].upstream.flatMap { upstreams.peers[$0] }
    }

    // What is asked at each frame is mutating, so that the broker is read where it stands.

    mutating func upstreamHasToRead(_ index: Int) -> Bool {
        hasUpstream(index) && upstream(ofPeerAt: index)?.hasToRead ?? false
    }

    /// Most peers have none. Then none is looked up: even an absent one is large to copy.
    mutating func hasUpstream(_ index: Int) -> Bool { peers[index].upstream != nil }

    /// What the upstream has not done in time; nil where the client is to blame.
    mutating func upstreamDelay(ofPeerAt index: Int) -> String? {
        if peers[index].connection.phase == .connecting {
            let isAccepted = upstream(ofPeerAt: index)?.isAccepted ?? false
            return isAccepted
                ? "the upstream did not say its name in time"
                : "the upstream did not accept it in time"
        }
        return upstreamHasToRead(index) ? "the upstream does not read" : nil
    }

    mutating func keptUpstreamBytes(ofPeerAt index: Int) -> Int {
        hasUpstream(index) ? upstream(ofPeerAt: index)?.keptBytes ?? 0 : 0
    }

    /// What another broker would have to know of the connection to the upstream has changed so
    /// often. Nil where that is too much to be written down with each request.
    mutating func upstreamChanges(ofPeerAt index: Int) -> Int? {
        guard hasUpstream(index), let connection = upstream(ofPeerAt: index)?.connection else {
            return 0
        }
        let isLong = connection.streams.count > Limits.keptForwardedStreams
        return isLong ? nil : connection.changes
    }
}
