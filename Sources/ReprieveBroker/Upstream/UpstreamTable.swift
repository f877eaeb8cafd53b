// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation
internal import ReprieveProtocol

/// One connection to the upstream: the client that it belongs to, the bytes of a frame that is not
/// whole yet, and its outbox.
struct UpstreamPeer: Sendable {
    let client: PeerID
    /// The path of the upstream's socket.
    let socket: String
    var connection: UpstreamConnection
    var decoder: FrameDecoder
    var outbox = Outbox()
    /// The upstream has let the client in.
    var isAccepted = false
    /// When it is closed: it owes the rest of a frame, or its client has to read.
    var closeDeadline: Instant?
    /// Its socket is full: it takes nothing until it is writable again.
    var isStalled = false
    /// Nothing more is read of it: its frames wait until the client has read.
    var isPaused = false
    /// Bytes to write were noted for this step.
    var awaitsWrite = false

    init(of client: PeerID, _ settings: UpstreamSettings) {
        self.client = client
        socket = settings.socket
        connection = UpstreamConnection(largestFrame: settings.largestFrame)
        let limit = Self.longestFrame(where: settings.largestFrame)
        decoder = FrameDecoder(limits: FrameLimits(maximumFrame: limit))
    }

    /// A connection that the upstream has accepted from an earlier broker.
    init(_ kept: KeptUpstream, of client: PeerID) {
        self.client = client
        socket = kept.socket
        connection = kept.connection
        decoder = FrameDecoder(limits: FrameLimits(maximumFrame: kept.largestForwarded))
        decoder.append(kept.input)
        outbox.append(kept.output)
    }

    /// Of the frames that the upstream may send.
    static func longestFrame(where taken: Int) -> Int { max(Limits.frameFromComponent, taken) }

    /// So many bytes wait for it that no further frame of the client is handled before it has read.
    var hasToRead: Bool { isStalled && outbox.count >= Limits.waitingReplies }

    var hasInput: Bool { decoder.hasPartialFrame }

    var keptBytes: Int { decoder.byteCount + (isStalled ? outbox.count : 0) }
}

extension KeptUpstream {
    /// Bytes of the longest frame that passes between the client and the upstream.
    var largestForwarded: Int { UpstreamPeer.longestFrame(where: largestFrame) }
}

/// What a connection to the upstream is opened with.
struct UpstreamClaim: Sendable {
    var token: String
    var settings: UpstreamSettings
}

/// The connections to the upstream, each of one client.
struct UpstreamTable: Sendable {
    var peers = PeerTable<UpstreamPeer>()
    /// Those of them that it has accepted.
    private(set) var acceptedCount = 0
    /// Of clients whose connection to the upstream is not open yet.
    var waiting: [PeerID: UpstreamClaim] = [:]
    /// When those are tried again that found the queue of its socket full.
    var retryDeadline: Instant?
    var report = UpstreamReport()

    mutating func noteAccepted(at place: Int) {
        peers[place].isAccepted = true
        acceptedCount += 1
        report.noteAccepted()
    }

    mutating func remove(_ id: PeerID) -> UpstreamPeer? {
        guard let peer = peers.remove(id) else { return nil }
        if peer.isAccepted { acceptedCount -= 1 }
        return peer
    }

    mutating func takeRetries(at now: Instant) -> [UpstreamOpen] {
        guard let retryDeadline, retryDeadline <= now else { return [] }
        self.retryDeadline = nil
        return waiting.sorted { $0.key < $1.key }.map {
            UpstreamOpen(client: $0.key, path: $0.value.settings.socket)
        }
    }
}

extension Broker {
    /// Nil where no upstream is configured.
    var upstreamShape: UpstreamShape? {
        settings.upstream.map { upstream in
            UpstreamShape(
                socket: upstream.socket,
                state: upstreams.report.state,
                message: upstreams.report.message.map { cut($0) },
                connections: Int64(upstreams.peers.count),
                refusals: Int64(upstreams.report.refusals),
                losses: Int64(upstreams.report.losses)
            )
        }
    }
}

/// How the upstream has been since the broker started: what it does with those that it lets in. A
/// client that shows a wrong token learns nothing of that, and says nothing of it.
struct UpstreamReport: Sendable {
    private(set) var state = UpstreamShape.State.unused
    /// Why it is not `serving`.
    private(set) var message: String?
    /// Connections of clients that it did not accept.
    private(set) var refusals = 0
    /// Connections that it had accepted, and ended.
    private(set) var losses = 0

    mutating func noteAccepted() { (state, message) = (.serving, nil) }

    mutating func noteDenied(_ reason: String) {
        refusals += 1
        if state == .unreachable { (state, message) = (.refusing, reason) }
    }

    mutating func noteUnreachable(_ reason: String) {
        refusals += 1
        (state, message) = (.unreachable, reason)
    }

    /// It may have ended one connection because of what the client sent there.
    mutating func noteLost(_ reason: String, servesOthers: Bool) {
        losses += 1
        if !servesOthers { (state, message) = (.lost, reason) }
    }
}
