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
        try coder.code(&peer)
        // Since format 7. A connection without it is not taken back.
        if coder.format >= 7 { try coder.code(&socket) }
        try coder.code(&largestFrame)
        try coder.code(&latestStream)
        try coder.code(&streams)
        try coder.code(&announced)
        try coder.code(&input)
        try coder.code(&output)
    }
}

extension ForwardedStreams.Stream: Recordable {
    static var blank: Self { Self(number: 0, client: 0, kind: .call) }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&number)
        try coder.code(&client)
        try coder.code(&kind, in: [.call, .stream, .notices, .name])
        try coder.code(&hasResponse)
    }
}
