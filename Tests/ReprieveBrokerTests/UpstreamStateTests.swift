// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

private let camera = "com.example.Camera"

/// A nucleus in the status: what it does with those that it lets in, whatever token another sends.
@Suite("The upstream's state") struct UpstreamStateTests {
    private var harness = BrokerHarness {
        $0.upstream = UpstreamSettings(socket: "/run/nucleus", largestFrame: 10_012)
    }

    init() { harness.host.upstream = SimulatedUpstream() }

    private var shown: UpstreamShape? { harness.broker.status(at: harness.now).upstream }

    /// Connects a component, whose token the nucleus accepts or denies. Returns its connection to
    /// the nucleus.
    @discardableResult
    private mutating func connect(isAccepted: Bool) throws -> PeerID {
        let place = Place(unit: "ggl.\(camera).service")
        let peer = harness.enter(at: .components, user: 0, place: place)
        harness.say(peer) { $0.connect(ConnectRequest(authToken: "dG9rZW4gb2YgTGl0")) }
        let upstream = try #require(harness.upstreams.last)
        let flags = isAccepted ? Message.Flags.connectionAccepted : 0
        harness.say(Message(.connectAck, flags: flags), from: upstream)
        return upstream
    }

    @Test mutating func `is not that of a component whose token it denies`() throws {
        try connect(isAccepted: false)
        #expect(shown?.state == .unused)
        #expect(shown?.refusals == 1)
        try connect(isAccepted: true)
        try connect(isAccepted: false)
        #expect(shown?.state == .serving)
        #expect(shown?.message == nil)
        #expect(shown?.refusals == 2)
    }

    @Test mutating func `is lost when it has ended the last of its connections`() throws {
        let first = try connect(isAccepted: true)
        let second = try connect(isAccepted: true)
        harness.turn(.hungUp(first))
        #expect(shown?.state == .serving)
        #expect(shown?.losses == 1)
        harness.turn(.hungUp(second))
        #expect(shown?.state == .lost)
        #expect(shown?.message == "the upstream hung up")
        #expect(shown?.losses == 2)
        try connect(isAccepted: false)
        #expect(shown?.state == .lost)
    }

    @Test mutating func `is refusing where it denies the first after it was unreachable`() throws {
        harness.host.upstream?.isAbsent = true
        let peer = harness.enter(at: .components, user: 0)
        harness.say(peer) { $0.connect(ConnectRequest(authToken: "dG9rZW4gb2YgTGl0")) }
        #expect(shown?.state == .unreachable)
        harness.host.upstream?.isAbsent = false
        try connect(isAccepted: false)
        #expect(shown?.state == .refusing)
        #expect(shown?.message == "the upstream denied its token")
        try connect(isAccepted: true)
        #expect(shown?.state == .serving)
    }
}
