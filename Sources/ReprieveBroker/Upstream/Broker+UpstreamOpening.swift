// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation
internal import ReprieveProtocol

// Connections to the upstream, from a client's CONNECT until the client is accepted or denied, and
// their end.

extension Broker {
    /// Whether the upstream decides about a connection. It does where the client has shown a token
    /// that is neither one of ours nor a name.
    mutating func leavesToUpstream(
        _ request: ConnectRequest?,
        _ identity: Identity,
        _ index: Int,
        at now: Instant
    ) -> Bool {
        guard let upstream = settings.upstream, let request, peers[index].endpoint == .components
        else { return false }
        if case .component(_, token: .some) = identity { return false }
        if request.asksForToken, isNamedByUnit(index) {
            deny(index, Self.recipeRunnerAdvice, at: now)
            return true
        }
        guard let token = request.foreignToken else { return false }
        wantUpstream(UpstreamClaim(token: token, settings: upstream), index, at: now)
        return true
    }

    private static var recipeRunnerAdvice: String {
        "it asks for a token, as Greengrass Lite's recipe-runner does, which only the upstream has;"
            + " set this socket's path in the component's recipe, under Setenv, and not in its unit"
    }

    /// Whether its unit is a component's own, so that no claim counts.
    private func isNamedByUnit(_ index: Int) -> Bool {
        if case .component = UnitName(peers[index].credentials.place, broker: settings.user) {
            true
        } else {
            false
        }
    }

    private mutating func wantUpstream(
        _ claim: UpstreamClaim,
        _ index: Int,
        at now: Instant
    ) {
        let account = accounts[peers[index].account].id
        if let reason = whyNoRoom(account) {
            accounts.noteRefusal(account)
            return deny(index, "it needs a connection to the upstream, and " + reason, at: now)
        }
        accounts.addUpstream(peers[index].account)
        let client = peers.id(at: index)
        upstreams.waiting[client] = claim
        effects.opens.append(UpstreamOpen(client: client, path: claim.settings.socket))
        closeAt(now + Limits.upstreamTimeout, peerAt: index)
    }

    mutating func noteUpstream(
        _ opening: UpstreamOpening,
        for client: PeerID,
        at now: Instant
    ) {
        guard let index = peers.index(of: client), let claim = upstreams.waiting[client] else {
            if case .opened(let id) = opening { effects.closes.append(id) }
            return
        }
        switch opening {
        case .busy:
            upstreams.retryDeadline =
                upstreams.retryDeadline ?? now + Limits.upstreamRetryInterval
        case .failed(let reason):
            upstreams.report.noteUnreachable(reason)
            refuse(index, reason, at: now)
        case .opened(let id):
            upstreams.waiting[client] = nil
            let upstream = UpstreamPeer(of: client, claim.settings)
            upstreams.peers.add(id, upstream)
            peers[index].upstream = id
            peers[index].largestForwarded = upstream.decoder.limits.maximumFrame
            sendUpstream(upstream.connection.connect(token: claim.token), to: id)
        }
    }

    mutating func openUpstreamsAgain(at now: Instant) {
        effects.opens += upstreams.takeRetries(at: now)
    }

    /// The upstream has accepted the client's token.
    mutating func noteAccepted(_ index: Int, _ place: Int, at now: Instant) {
        upstreams.noteAccepted(at: place)
        if !isNamedByUnit(index), let frame = upstreams.peers[place].connection.askName() {
            sendUpstream(frame, to: upstreams.peers.id(at: place))
        } else {
            acceptFromUpstream(index, named: nil, at: now)
        }
    }

    mutating func acceptFromUpstream(
        _ index: Int,
        named name: ComponentName?,
        at now: Instant
    ) {
        switch Identity(namedByUpstream: name, peers[index].credentials, settings) {
        case .denied(let reason):
            closeUpstream(ofPeerAt: index)
            deny(index, "the upstream does not name it, and " + reason, at: now)
        case .component(let name, _):
            peers[index].name = name
            peers[index].connection.hasUpstream = true
            accept(index, at: now)
            // What it has sent behind its CONNECT.
            handleFrames(of: peers.id(at: index), at: now)
        case .unnamed: preconditionFailure("at the component socket a connection has a name")
        }
    }

    /// The upstream does not take the client, which hears of it as of a denial of ours.
    mutating func refuse(_ index: Int, _ reason: String, at now: Instant) {
        closeUpstream(ofPeerAt: index)
        deny(index, reason, at: now)
    }

    /// The connection to the upstream is of no more use. The client gets to know it as the SDKs
    /// can tell: it is denied, or its connection ends. That is no fault of the component's.
    mutating func failUpstream(_ id: PeerID, _ reason: String, at now: Instant) {
        guard let client = upstreams.peers[id]?.client, let index = peers.index(of: client) else {
            return
        }
        if peers[index].connection.phase == .connecting {
            upstreams.report.noteDenied(reason)
            return refuse(index, reason, at: now)
        }
        upstreams.report.noteLost(reason, servesOthers: upstreams.acceptedCount > 1)
        auditLog.note(.lostUpstream(peers[index].label, reason))
        close(client, isLost: true, at: now)
    }

    /// Closes the connection to the upstream that belongs to a client, if there is one.
    mutating func closeUpstream(ofPeerAt index: Int) {
        if upstreams.waiting.removeValue(forKey: peers.id(at: index)) != nil {
            accounts.disconnect(peers[index].account)
        }
        guard let id = peers[index].upstream, let upstream = upstreams.remove(id) else {
            return
        }
        peers[index].upstream = nil
        closing.replace(upstream.closeDeadline, by: nil)
        accounts.disconnect(peers[index].account, isKept: peers[index].isKept)
        if !upstream.isStalled, !upstream.outbox.isEmpty {
            effects.writes.append(PeerWrite(id, upstream.outbox))
        }
        effects.closes.append(id)
    }
}
