// SPDX-License-Identifier: Apache-2.0

import EventStream
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import StrictJSON
import TestSupport
import Testing

/// Holds the tables of `Protocol/README.md` to the limits in the code.
@Suite("The specification's limits") struct SpecificationTests {
    static let rows: [String: String] = {
        let page = String(decoding: repositoryFile("Protocol/README.md"), as: UTF8.self)
        let tables = page.split(separator: "## Limits\n")[1]
        let lines = tables.split(separator: "\n")
        let rows = lines.filter { $0.hasPrefix("| ") && !$0.hasPrefix("| What |") }
        let cells = rows.map { row in row.split(separator: "|").map { $0.trimmed } }
        return Dictionary(uniqueKeysWithValues: cells.map { ($0[0], $0[1]) })
    }()

    static let broker = BrokerSettings(user: 0)
    static let policy = Policy()
    static let history = broker.history
    static let json = JSONLimits.default
    static let frames = FrameLimits.fromComponent

    static let inCode: [(what: String, limit: String)] = [
        (
            "a frame from a component; from a coordinator",
            bytes(Limits.frameFromComponent, Limits.frameFromCoordinator)
        ),
        (
            "a frame of a client that is not accepted yet",
            bytes(Limits.frameBeforeAccepted)
        ),
        (
            "JSON of CONNECT: depth; members; elements; both in all",
            numbers(
                JSONLimits.ofConnect.maximumDepth,
                JSONLimits.ofConnect.maximumMembers,
                JSONLimits.ofConnect.maximumElements,
                JSONLimits.ofConnect.maximumValues
            )
        ),
        (
            "headers in a frame; bytes of one value",
            numbers(frames.maximumHeaders, frames.maximumHeaderValue)
        ),
        ("a frame to a component", bytes(Limits.componentFrame)),
        ("`deploymentId`", "\(Limits.deploymentID) bytes"),
        ("components with metrics of their own", numbers(Limits.countedComponents)),
        ("`reason`, `message`", bytes(Limits.text)),
        ("names in `components`, in `require`", numbers(Limits.names)),
        (
            "JSON: depth; members; elements",
            numbers(json.maximumDepth, json.maximumMembers, json.maximumElements)
        ),
        ("open streams of a connection", numbers(Limits.openStreams)),
        ("bytes waiting for a client that makes requests", bytes(Limits.waitingReplies)),
        (
            "bytes waiting for a component; for a coordinator, that does not read",
            bytes(Limits.componentOutbox, Limits.controlOutbox)
        ),
        (
            "connections of components; of those, of other users than the broker's",
            numbers(
                broker.limits.componentConnections,
                broker.limits.componentConnectionsOfOthers
            )
        ),
        (
            "connections of one user or service; before CONNECT",
            numbers(broker.limits.account.connections, broker.limits.account.handshakes)
        ),
        (
            "the same of the broker's own user",
            numbers(broker.limits.ownAccount.connections, broker.limits.ownAccount.handshakes)
        ),
        (
            "bytes that wait for one user or service; for the broker's own",
            bytes(broker.limits.account.bytes, broker.limits.ownAccount.bytes)
        ),
        (
            "connections of one user that wait to be looked up; of the broker's own",
            numbers(
                broker.waitingLimit(ofUser: broker.user + 1),
                broker.waitingLimit(ofUser: broker.user)
            )
        ),
        (
            "subscriptions of a component; of the components of one unit",
            numbers(
                broker.negotiation.maximumSubscriptions,
                broker.negotiation.maximumSubscriptionsOfUnit
            )
        ),
        ("components of one unit", numbers(broker.negotiation.maximumComponentsOfUnit)),
        ("updates waiting or released", numbers(broker.negotiation.maximumUpdates)),
        ("updates that have ended, known by their ids", numbers(broker.negotiation.maximumEnded)),
        (
            "posts owed to one component; components owed any; of one unit",
            numbers(
                broker.negotiation.maximumOwedPosts,
                broker.negotiation.maximumOwedComponents,
                broker.negotiation.maximumOwedComponentsOfUnit
            )
        ),
        (
            "participants in a status; in the progress of an update",
            bytes(Limits.statusParticipants, Limits.progressParticipants)
        ),
        ("open streams of a connection at the upstream", numbers(Limits.forwardedStreams)),
        ("a request for the upstream", numbers(Limits.frameToLite) + " bytes"),
        ("accounts in a status", numbers(Limits.statusAccounts)),
        ("the least that is granted", time(broker.negotiation.minimumDeferral)),
        ("final askings of an update", numbers(broker.negotiation.maximumFinalAskings)),
        (
            "the history: decisions; bytes",
            numbers(history.maximumDecisions) + "; " + bytes(history.maximumBytes)
        ),
        (
            "a decision in it: participants; bytes",
            numbers(history.maximumParticipants) + "; " + bytes(history.maximumDecisionBytes)
        ),
    ]

    static let times: [(what: String, limit: String)] = [
        ("until CONNECT is there", time(Limits.handshakeTimeout)),
        (
            "for the rest of a frame",
            time(Limits.clientFrameTimeout)
        ),
        ("for a client whose requests wait to read", time(Limits.clientFrameTimeout)),
        (
            "for a client that was denied, or broke the protocol, to close",
            time(Limits.lingerTimeout)
        ),
        ("for the upstream to accept a connection", time(Limits.upstreamTimeout)),
        (
            "for an answer to a notice",
            "`responseTimeoutMs`, by default " + time(policy.responseTimeout)
        ),
        (
            "for a component, or a coordinator, to come back",
            time(broker.negotiation.reconnectGrace)
        ),
        ("for an update to wait", "`deadlineMs`, by default " + time(policy.deadline)),
        (
            "for a released update to be completed",
            time(broker.negotiation.completionLimit) + ", again in each boot"
        ),
        (
            "for an exclusive one of `components`, not `completesLater`, whose coordinator left",
            time(broker.negotiation.applyGrace)
        ),
    ]

    @Test func `are those of the code`() {
        for (what, limit) in Self.inCode + Self.times {
            #expect(Self.rows[what] == limit, "\(what)")
        }
        #expect(Self.rows.count == Self.inCode.count + Self.times.count)
    }

    private static func numbers(_ numbers: Int...) -> String {
        numbers.map(grouped).joined(separator: "; ")
    }

    private static func bytes(_ counts: Int...) -> String {
        counts.map { count in
            count < 1 << 20 ? "\(count >> 10) KiB" : "\(count >> 20) MiB"
        }.joined(separator: "; ")
    }

    private static func time(_ time: Duration) -> String {
        switch time {
        case ..<Duration.seconds(1): "\(Int(time / Duration.milliseconds(1))) ms"
        case ..<Duration.seconds(3_600): "\(time.components.seconds) s"
        default: "\(time.components.seconds / 3_600) h"
        }
    }

    private static func grouped(_ number: Int) -> String {
        guard number >= 1_000 else { return "\(number)" }
        let rest = String(number % 1_000)
        return "\(number / 1_000)," + String(repeating: "0", count: 3 - rest.count) + rest
    }
}

extension Substring {
    fileprivate var trimmed: String {
        let start = drop { $0 == " " }
        return String(start.reversed().drop { $0 == " " }.reversed())
    }
}
