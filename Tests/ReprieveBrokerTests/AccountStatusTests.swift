// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

/// What the status says of accounts.
@Suite("The status of an account") struct AccountStatusTests {
    private var harness = BrokerHarness {
        $0.limits.account = AccountLimits(connections: 5, handshakes: 3, bytes: 10_000)
        $0.negotiation.maximumComponentsOfUnit = 2
        $0.negotiation.maximumSubscriptions = 2
        $0.negotiation.maximumSubscriptionsOfUnit = 4
    }

    private mutating func component(
        _ name: String,
        _ unit: String,
        user: UInt32 = 99
    ) -> PeerID {
        let peer = harness.enter(at: .components, user: user, place: Place(unit: unit))
        harness.say(peer) { $0.connect(ConnectRequest(componentName: name)) }
        harness.ask(peer, .subscribeToComponentUpdates, SubscribeRequest())
        return peer
    }

    /// The accounts at the component socket.
    private var accounts: [AccountShape] {
        harness.broker.status(at: harness.now).accounts.filter { $0.socket == .components }
    }

    @Test mutating func `has what it uses, each with its limit`() throws {
        let peer = component("c.a", "till.service")
        harness.ask(peer, .subscribeToComponentUpdates, SubscribeRequest())
        _ = harness.enter(at: .components, user: 99, place: Place(unit: "till.service"))
        let ping = Message(.ping, payload: Array(repeating: 0, count: 8_000)).encoded()
        harness.sendBytes(Array(ping.dropLast()), from: peer)
        let account = try #require(accounts.first)
        #expect(accounts.count == 1)
        #expect((account.uid, account.service) == (99, "till.service"))
        #expect(account.connections == UsageShape(used: 2, limit: 5))
        #expect(account.handshakes == UsageShape(used: 1, limit: 3))
        #expect(account.bytes == UsageShape(used: Int64(ping.count) - 1, limit: 10_000))
        #expect(account.subscriptions == UsageShape(used: 2, limit: 4))
        #expect(account.components == UsageShape(used: 1, limit: 2))
        #expect(account.owed == UsageShape(used: 0, limit: 64))
        #expect(account.refusals == 0)
        harness.hangUp(peer)
        #expect(accounts.first?.bytes.used == 0)
    }

    @Test mutating func `counts its refusals of connections, bytes and subscriptions`() {
        let peer = component("c.a", "till.service")
        for _ in 0..<2 { harness.ask(peer, .subscribeToComponentUpdates, SubscribeRequest()) }
        #expect(accounts.first?.refusals == 1, "a third subscription of one component")
        _ = component("c.b", "till.service")
        _ = component("c.c", "till.service")
        #expect(accounts.first?.refusals == 2, "a third component of the unit")
        for _ in 0..<3 {
            _ = harness.enter(at: .components, user: 99, place: Place(unit: "till.service"))
        }
        #expect(accounts.first?.refusals == 3, "a sixth connection")
        let ping = Message(.ping, payload: Array(repeating: 0, count: 20_000)).encoded()
        harness.sendBytes(Array(ping.dropLast()), from: peer)
        #expect(accounts.first?.refusals == 4, "more bytes than may wait")
    }

    @Test mutating func `still counts the names that left, while an update waits for them`() {
        let (first, second) = (component("c.a", "till.service"), component("c.b", "till.service"))
        _ = harness.announce()
        harness.hangUp(first)
        harness.hangUp(second)
        _ = component("c.c", "till.service")
        #expect(accounts.first?.components == UsageShape(used: 2, limit: 2))
        #expect(accounts.first?.refusals == 1)
    }

    @Test mutating func `comes first if it was refused something, then if it is near a limit`() {
        for user in 1...40 as ClosedRange<UInt32> {
            _ = component("c.a", "user@\(user).service", user: user)
        }
        for _ in 0..<2 { _ = component("c.a", "user@30.service", user: 30) }
        _ = component("c.b", "user@20.service", user: 20)
        let status = harness.broker.status(at: harness.now)
        #expect(status.accounts.prefix(3).map(\.uid) == [30, 20, 1])
        #expect(status.accounts.count == 32)
        #expect(status.omittedAccounts == 8)
    }
}

/// How limits follow from the descriptors that the process may have.
@Suite("The limits of connections") struct ConnectionLimitsTests {
    @Test func `leave others a quarter each, and the broker's own user a quarter of all`() {
        let limits = ConnectionLimits().capped(to: 192)
        #expect(limits.componentConnections == 192)
        #expect(limits.componentConnectionsOfOthers == 144)
        #expect(limits.account.connections == 48)
    }

    @Test func `stay as they are where there are descriptors enough`() {
        #expect(ConnectionLimits().capped(to: 16_000) == ConnectionLimits())
    }

    @Test func `leave one connection to others, however few there are`() {
        let limits = ConnectionLimits().capped(to: -5)
        #expect(limits.componentConnectionsOfOthers == 1)
        #expect(limits.account.connections == 1)
    }
}
