// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite("A limit that a page states") struct StatedLimitTests {
    static let wire = "Sources/ReprieveProtocol/Limits.swift"
    static let json = "Sources/StrictJSON/JSONLimits.swift"
    static let updates = "Sources/Negotiation/Settings.swift"
    static let connections = "Sources/ReprieveBroker/Connections/ConnectionLimits.swift"
    static let log = "Sources/ReprieveBroker/Audit/AuditLog.swift"
    static let turn = "Sources/Systemd/Peers/PeerGroup.swift"
    static let shares = "Sources/reprieved/DescriptorShares.swift"
    static let groups = "Sources/reprieved/PeerGroups.swift"
    static let security = "Protocol/security.md"

    static let all = ofAccounts + ofDescriptors + ofProtocol + ofUpdates

    private static let ofAccounts = [
        StatedLimit(
            security,
            "have fixed limits: # connections, # before CONNECT, # MiB.",
            LimitInCode(
                connections,
                "ownAccount = AccountLimits(\n        connections: ",
                .grouped
            ),
            LimitInCode(connections, "connections: 4_096,\n        handshakes: ", .grouped),
            LimitInCode(connections, "handshakes: 1_024,\n        bytes: ", .mebibytes)
        ),
        StatedLimit(
            security,
            "not looked up yet: # are in a turn,",
            LimitInCode("Sources/Systemd/Sockets/Acceptor.swift", "let batchLimit = ")
        ),
        StatedLimit(
            security,
            "it makes requests, # KiB | a connection |",
            LimitInCode(wire, "let waitingReplies = ", .kibibytes)
        ),
        StatedLimit(
            security,
            "it is not read; after # s hung up on",
            LimitInCode(wire, "let clientFrameTimeout = Duration.seconds(")
        ),
        StatedLimit(
            security,
            "bytes served in a turn, # KiB;",
            LimitInCode(turn, "let turnLimit = ", .kibibytes)
        ),
        StatedLimit(
            security,
            "at most # components of a unit, and # of all,",
            LimitInCode(log, "var namedApartOfUnit: Int { "),
            LimitInCode(log, "var namedApart: Int { ")
        ),
        StatedLimit(
            security,
            "has no room for all: # | a unit |",
            LimitInCode("Sources/Negotiation/UnitShare.swift", "var shareOfUnit: Int { ")
        ),
        StatedLimit(
            security,
            "`KeptConnections=` are kept, # by default.",
            LimitInCode(connections, "var keptConnections = ", .grouped)
        ),
        StatedLimit(
            security,
            "Beyond that each account has a #th,",
            LimitInCode("Sources/ReprieveBroker/Connections/Broker+Keeping.swift", "most / ")
        ),
        StatedLimit(
            security,
            "in the middle of a frame, up to # KiB of a connection.",
            LimitInCode(
                "Sources/ReprieveBroker/Persistence/KeptConnection.swift",
                "let maximumBytes = ",
                .kibibytes
            )
        ),
    ]

    private static let ofDescriptors = [
        StatedLimit(
            security,
            "It keeps # for itself, and # that no component can take,",
            LimitInCode(shares, "let own = "),
            LimitInCode(shares, "var reserve: Int { min(")
        ),
        StatedLimit(
            security,
            "A sixteenth, # at most,",
            LimitInCode(shares, "var accounts: Int { min(")
        ),
        StatedLimit(
            security,
            "descriptors for turns: #, or a sixteenth of all",
            LimitInCode(shares, "var accounts: Int { min(")
        ),
        StatedLimit(
            security,
            "further accounts share # turns, by their uids: those of one range of # share one",
            LimitInCode(groups, "max(1, min("),
            LimitInCode(groups, "let neighbours: UInt32 = ", .grouped)
        ),
        StatedLimit(
            security,
            "queue for each socket: #, or `net.core.somaxconn`. The broker accepts # in a turn.",
            LimitInCode(
                "Sources/Systemd/Sockets/ListenSocket.swift",
                "backlog: Int32 = ",
                .grouped
            ),
            LimitInCode("Sources/Systemd/Sockets/Acceptor.swift", "acceptLimit = ", .grouped)
        ),
        StatedLimit(
            "Packaging/man/reprieved.8",
            "of which components leave # to operators,",
            LimitInCode(shares, "var reserve: Int { min(")
        ),
        StatedLimit(
            "Packaging/man/reprieved.8",
            "A sixteenth of them, # at most,",
            LimitInCode(shares, "var accounts: Int { min(")
        ),
    ]

    private static let ofProtocol = [
        StatedLimit(
            security,
            "longer than # bytes with its claim",
            LimitInCode(wire, "let componentName = ")
        ),
        StatedLimit(
            "Protocol/frames.md",
            "after # s the broker does. A connection that has sent no CONNECT after # s",
            LimitInCode(wire, "let lingerTimeout = Duration.seconds("),
            LimitInCode(wire, "let handshakeTimeout = Duration.seconds(")
        ),
        StatedLimit(
            "Protocol/frames.md",
            "While # KiB of replies wait for it,",
            LimitInCode(wire, "let waitingReplies = ", .kibibytes)
        ),
        StatedLimit(
            "Protocol/upstream.md",
            "more than `UpstreamFrame=` bytes (#, which",
            LimitInCode(wire, "let frameToLite = ", .grouped)
        ),
        StatedLimit(
            "Protocol/upstream.md",
            "Less than # KiB and one frame wait for each. Where frames wait for # s",
            LimitInCode(wire, "let waitingReplies = ", .kibibytes),
            LimitInCode(wire, "let clientFrameTimeout = Duration.seconds(")
        ),
        StatedLimit(
            "Protocol/operations.md",
            "an empty one, or one above # bytes",
            LimitInCode(wire, "let deploymentID = ")
        ),
        StatedLimit(
            "Protocol/operations.md",
            "is any text of 1 to # bytes.",
            LimitInCode(wire, "let deploymentID = ")
        ),
        StatedLimit(
            "Protocol/operations.md",
            "At most # components have counts of their own",
            LimitInCode(wire, "let countedComponents = ")
        ),
        StatedLimit(
            "Protocol/errors.md",
            "more than # levels deep",
            LimitInCode(json, "maximumDepth: Int = ")
        ),
        StatedLimit(
            "Protocol/errors.md",
            "more than # members",
            LimitInCode(json, "maximumMembers: Int = ")
        ),
        StatedLimit(
            "Protocol/errors.md",
            "| too many elements | `InvalidArgumentsError` | more than # elements",
            LimitInCode(json, "maximumElements: Int = ")
        ),
        StatedLimit(
            "Protocol/errors.md",
            "| too many names | `InvalidArgumentsError` | more than # elements",
            LimitInCode(wire, "let names = ")
        ),
    ]

    private static let ofUpdates = [
        StatedLimit(
            "Protocol/README.md",
            "connect again within # s",
            LimitInCode(updates, "var reconnectGrace: Duration = .seconds(")
        ),
        StatedLimit(
            "Protocol/negotiation.md",
            "the time asked for (at least # ms),",
            LimitInCode(updates, "var minimumDeferral: Duration = .milliseconds(")
        ),
        StatedLimit(
            "Protocol/negotiation.md",
            "has at most # final askings: no deferral ends the eighth",
            LimitInCode(updates, "var maximumFinalAskings = ", .word)
        ),
        StatedLimit(
            "Protocol/negotiation.md",
            "to work at most # times in an update",
            LimitInCode(updates, "var maximumFinalAskings = ", .wordOfOneLess)
        ),
        StatedLimit(
            security,
            "sent back to work at most # times",
            LimitInCode(updates, "var maximumFinalAskings = ", .wordOfOneLess)
        ),
        StatedLimit(
            "Protocol/negotiation.md",
            "A suspend of less than # ms",
            LimitInCode(wire, "let shortestSleep = Duration.milliseconds(")
        ),
    ]

    /// Of the configuration file, its example and the manual page.
    private static let defaults = [
        ("component-connections", LimitInCode(connections, "var componentConnections = ")),
        ("kept-connections", LimitInCode(connections, "var keptConnections = ")),
        (
            "account-connections",
            LimitInCode(connections, " account = AccountLimits(\n        connections: ")
        ),
        ("account-handshakes", LimitInCode(connections, "connections: 256,\n        handshakes: ")),
        ("account-components", LimitInCode(updates, "var maximumComponentsOfUnit = ")),
        ("account-owed-components", LimitInCode(updates, "var maximumOwedComponentsOfUnit = ")),
        ("account-subscriptions", LimitInCode(updates, "var maximumSubscriptionsOfUnit = ")),
        ("component-subscriptions", LimitInCode(updates, "var maximumSubscriptions = ")),
    ]

    @Test(arguments: all)
    func `is that of the code`(limit: StatedLimit) throws {
        let expected = try #require(limit.expected, "the code has another form")
        let page = Self.words(TidyTests.text(of: limit.page))
        #expect(page.contains(expected), "it should say: \(expected)")
    }

    @Test(arguments: defaults)
    func `that can be set has the default of the code`(name: String, limit: LimitInCode) throws {
        let settings = "Sources/reprieved/Configuration/SettingTable+Limits.swift"
        let setting = try #require(
            TidyTests.text(of: settings).split(separator: "\"\(name)\"").last
        )
        let rest = try #require(setting.split(separator: "default: \"", maxSplits: 1).last)
        #expect(rest.prefix { $0 != "\"" } == limit.text ?? "")
    }

    private static func words(_ text: String) -> String {
        text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
    }
}
