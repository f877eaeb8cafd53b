// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// What is written down of a connection to the upstream, which is kept with that of its client.
struct KeptUpstream: Hashable, Sendable {
    var peer: PeerID
    /// The path of the upstream's socket.
    var socket: String
    /// Bytes of the longest frame that the upstream takes.
    var largestFrame: Int
    /// The number of its latest stream.
    var latestStream: Int32
    var streams: [ForwardedStreams.Stream]
    /// The updates that the upstream has announced to the client.
    var announced: [String]
    /// As those of the client.
    var input: [UInt8] = []
    var output: [UInt8] = []
}

extension KeptUpstream {
    init(_ peer: PeerID, at socket: String, _ connection: UpstreamConnection) {
        self.peer = peer
        self.socket = socket
        largestFrame = connection.largestFrame
        latestStream = connection.streams.latest
        streams = connection.streams.streams
        announced = connection.announced
    }

    var connection: UpstreamConnection {
        UpstreamConnection(
            resuming: ForwardedStreams(resuming: streams, latest: latestStream),
            announced: announced,
            largestFrame: largestFrame
        )
    }
}

extension KeptUpstream: Recordable {
    static var blank: Self {
        Self(
            peer: PeerID(0),
            socket: "",
            largestFrame: 0,
            latestStream: 0,
            streams: [],
            announced: []
        )
    }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try peer.code(&coder)
        // Since format 7. A connection without it is not taken back.
        if coder.format >= 7 { try socket.code(&coder) }
        try largestFrame.code(&coder)
        try latestStream.code(&coder)
        try streams.code(&coder)
        try announced.code(&coder)
        try input.code(&coder)
        try output.code(&coder)
    }
}

extension ForwardedStreams.Stream: Recordable {
    static var blank: Self { Self(number: 0, client: 0, kind: .call) }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try number.code(&coder)
        try client.code(&coder)
        try kind.code(&coder, in: [.call, .stream, .notices, .name])
        try hasResponse.code(&coder)
    }
}
