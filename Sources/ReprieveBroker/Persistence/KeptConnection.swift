// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// A connection by its number; nil where it cannot be taken back.
typealias ConnectionRecord = (peer: PeerID, connection: KeptConnection?)

/// What is written down of a connection that the service manager keeps, so that a broker after
/// this one goes on with it.
struct KeptConnection: Hashable, Sendable {
    var endpoint: Endpoint
    /// As its account has them.
    var credentials: Credentials
    var name: ComponentName
    /// The digest of the token that proved the name, in hexadecimal.
    var token: String?
    var streams: [Stream]
    /// The number of its latest stream, of those that were written down.
    var latestStream: Int32 = 0
    /// The connection to the upstream that carries its other requests.
    var upstream: KeptUpstream?
    /// It can be taken back: it is not in the middle of a frame that is not written down.
    var isWhole = true
    /// Bytes of a frame that is not whole, and bytes that its socket did not take yet. Written only
    /// by a broker that ends in good order.
    var input: [UInt8] = []
    var output: [UInt8] = []

    /// Of `input` and `output`. A connection with more is not taken back.
    static let maximumBytes = 256 * 1_024

    struct Stream: Hashable, Sendable {
        var number: Int32
        var operation: Operation
        /// The subscription acts only on a final notice.
        var confirm = false
        /// Updates whose post it is sent although it got no notice of them.
        var awaitedPosts: [DeploymentID] = []
    }
}

extension KeptConnection {
    /// Whether the process at the other end is the one that the connection was accepted from. A
    /// process that has ended was looked up while it lived.
    func isOf(_ found: Credentials) -> Bool {
        guard found.process == credentials.process, found.user == credentials.user else {
            return false
        }
        let isUnseen = found.place.hasExited || found.place.isUnknown
        return isUnseen || found.place == credentials.place
    }
}

extension KeptConnection: Recordable {
    static var blank: KeptConnection {
        let nobody = Credentials(process: 0, user: 0)
        return Self(endpoint: .components, credentials: nobody, name: "", streams: [])
    }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try endpoint.code(&coder, in: [.components, .control])
        try credentials.code(&coder)
        try name.code(&coder)
        try token.code(&coder)
        try streams.code(&coder)
        try isWhole.code(&coder)
        try input.code(&coder)
        try output.code(&coder)
        // Since format 6.
        guard coder.format >= 6 else { return }
        try latestStream.code(&coder)
        try upstream.code(&coder)
    }
}

extension KeptConnection.Stream: Recordable {
    static var blank: Self { Self(number: 0, operation: .watchStatus) }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try number.code(&coder)
        try operation.code(
            &coder,
            in: [.subscribeToComponentUpdates, .gateUpdate, .watchStatus]
        )
        try confirm.code(&coder)
        try awaitedPosts.code(&coder)
    }
}

extension Credentials {
    fileprivate mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        var user = Int64(self.user)
        try process.code(&coder)
        try user.code(&coder)
        if coder.isReading { self.user = UInt32(truncatingIfNeeded: user) }
        try place.unit.code(&coder)
        try place.userUnit.code(&coder)
        try place.isContained.code(&coder)
        try place.hasExited.code(&coder)
        try place.isUnknown.code(&coder)
    }
}
