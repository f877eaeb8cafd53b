// SPDX-License-Identifier: Apache-2.0

package import EventStream
package import StrictJSON

/// Every limit of the protocol: its unit, and what happens beyond it. Frames and payloads have
/// their own in `FrameLimits` and `JSONLimits`; the values that hold for a connection stand here.
package enum Limits {
    /// Bytes of a `deploymentId`. A longer one is an InvalidArgumentsError.
    package static let deploymentID = 256

    /// Bytes of a `reason` or a `message`. A longer one is cut, on a character.
    package static let text = 1_024

    /// Bytes of a component's name. A connection that claims a longer one is denied.
    package static let componentName = 128

    /// Names in `components` and in `require`. More are an InvalidArgumentsError.
    package static let names = 4_096

    /// Bytes of a frame sent to a component: AWS's C SDK fails above 10,000. A notice that would
    /// be longer omits `components`.
    package static let componentFrame = 8 * 1_024

    /// Streams that one connection may have open. A further request is a ServiceError.
    package static let openStreams = 64

    /// Requests of one client that the upstream has not answered, and its streams there. A further
    /// request is a ServiceError.
    package static let forwardedStreams = 1_024

    /// Those of them that are written down for another broker. A client with more loses its
    /// connection with the broker.
    package static let keptForwardedStreams = 64

    /// Bytes of a frame that Greengrass Lite takes. A longer one would end the connection.
    package static let frameToLite = 10_012

    /// Updates of the upstream that a component can answer, the latest.
    package static let announcedUpstream = 16

    /// Bytes of a frame of a client that is not accepted yet. A longer one ends the connection.
    package static let frameBeforeAccepted = 16 * 1_024

    /// Bytes of a frame that a component may send. A longer one ends the connection.
    package static let frameFromComponent = 64 * 1_024

    /// Bytes of a frame that may be sent on the control socket. A longer one ends the connection.
    package static let frameFromCoordinator = 1_024 * 1_024

    /// Bytes of the participants in a status of all updates, and in the progress of one. The least
    /// important participants beyond it are omitted, and counted.
    package static let statusParticipants = 8 * 1_024 * 1_024
    package static let progressParticipants = 2 * 1_024 * 1_024

    /// Components that are counted each for itself. Others are counted together.
    package static let countedComponents = 64

    /// Accounts in a status. Those furthest from a limit beyond it are omitted, and counted.
    package static let statusAccounts = 32

    /// Bytes of a frame that a client takes from the broker.
    package static let frameFromBroker = 16 * 1_024 * 1_024

    /// Bytes that wait for a client, of whatever kind. Beyond it the client's next requests wait
    /// until it has read.
    package static let waitingReplies = 16 * 1_024

    /// Bytes that wait for a component that does not read. Beyond it the broker hangs up.
    package static let componentOutbox = 64 * 1_024

    /// Bytes that wait for a client of the control socket. Beyond it the broker hangs up.
    package static let controlOutbox = 32 * 1_024 * 1_024

    /// Bytes of replies to one request that a client keeps until its program reads them. Beyond it
    /// the newest state replaces older ones; of other replies, the client hangs up.
    package static let unreadReplies = 4 * 1_024 * 1_024

    /// Bytes that wait in a client for a broker that does not read. Beyond it the client hangs up.
    package static let clientOutbox = 4 * 1_024 * 1_024

    /// Requests of one client that wait for their response. Beyond it the client hangs up.
    package static let unansweredRequests = 1_024

    /// Updates that a component takes part in at a time. Beyond it the component hangs up. A broker
    /// of ours has 64, and the posts of some that ended.
    package static let updatesOfComponent = 256

    /// How long a broker may take to respond to a request. Beyond it the client hangs up.
    package static let responseTimeout = Duration.seconds(10)

    /// How long a broker may take to send the rest of a frame. Beyond it the client hangs up.
    package static let frameTimeout = Duration.seconds(10)

    /// How long a connection may take to send its CONNECT. Beyond it the broker hangs up.
    package static let handshakeTimeout = Duration.seconds(5)

    /// How long the upstream may take to accept a connection. Beyond it the client is denied, while
    /// the SDKs still wait: they give up after 10 s.
    package static let upstreamTimeout = Duration.seconds(8)

    /// For how long an update of the upstream's is deferred while one of ours is under way. Java's
    /// nucleus cannot be told that it may go on before, and asks again then.
    package static let upstreamDeferral = Duration.seconds(10)

    /// After this time a connection is tried again to an upstream whose queue is full.
    package static let upstreamRetryInterval = Duration.milliseconds(50)

    /// How long the rest of a frame may take after its first bytes, and how long a client may read
    /// nothing while its requests wait for that. Beyond it the broker hangs up.
    package static let clientFrameTimeout = Duration.seconds(30)

    /// At least between two times that connections are handed to the service manager, which works
    /// for all services.
    package static let keepInterval = Duration.seconds(1)

    /// How long a client that was denied, or broke the protocol, has to close first.
    package static let lingerTimeout = Duration.seconds(1)

    /// A suspend of the machine that is shorter is taken for jitter between two clocks.
    package static let shortestSleep = Duration.milliseconds(100)
}

extension FrameLimits {
    package static let beforeAccepted = FrameLimits(maximumFrame: Limits.frameBeforeAccepted)
    package static let fromComponent = FrameLimits(maximumFrame: Limits.frameFromComponent)
    package static let fromCoordinator = FrameLimits(maximumFrame: Limits.frameFromCoordinator)
    package static let fromBroker = FrameLimits(maximumFrame: Limits.frameFromBroker)
}

extension JSONLimits {
    /// Of CONNECT, which a client sends before the broker knows who it is.
    package static let ofConnect = JSONLimits(
        maximumBytes: Limits.frameBeforeAccepted,
        maximumDepth: 4,
        maximumMembers: 64,
        maximumElements: 64,
        maximumValues: 256
    )
    /// A component's whole configuration, of which only its name is read.
    package static let ofConfiguration = JSONLimits(
        maximumBytes: Limits.frameFromBroker,
        maximumDepth: 64,
        maximumMembers: 4_096,
        maximumElements: 65_536,
        maximumValues: 262_144
    )
    package static let fromCoordinator = JSONLimits(maximumBytes: Limits.frameFromCoordinator)
    package static let fromBroker = JSONLimits(
        maximumBytes: Limits.frameFromBroker,
        maximumElements: 1_000_000,
        maximumValues: 2_000_000
    )
}

/// The first bytes of a text, cut on a character.
package func cut(_ text: String, to limit: Int = Limits.text) -> String {
    guard text.utf8.count > limit else { return text }
    var kept = ""
    var length = 0
    for character in text {
        length += character.utf8.count
        guard length <= limit else { break }
        kept.append(character)
    }
    return kept
}
