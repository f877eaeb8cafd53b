// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

/// What a broker does with the requests of a client that does not read the replies.
@Suite("Back-pressure") struct BackPressureTests {
    private var harness = BrokerHarness()

    /// An operator that has asked so often, and whose socket takes nothing.
    private mutating func impatientOperator(asking count: Int) -> PeerID {
        let peer = harness.operatorAtControl()
        _ = harness.heard(by: peer)
        harness.limitReading(peer, to: 0)
        for _ in 0..<count { harness.ask(peer, .getStatus, Empty()) }
        return peer
    }

    @Test mutating func `leaves requests unread while replies wait, and answers all later`() {
        let peer = impatientOperator(asking: 2_000)
        #expect(harness.clients[peer]?.isPaused == true)
        #expect(harness.clients[peer]?.unread.isEmpty == false)
        harness.limitReading(peer, to: nil)
        #expect(harness.clients[peer]?.isPaused == false)
        let responses = harness.heard(by: peer).count { $0.response(as: StatusShape.self) != nil }
        #expect(responses == 2_000)
    }

    @Test mutating func `does not meet a client whose few replies wait`() {
        let peer = impatientOperator(asking: 2)
        #expect(harness.clients[peer]?.isPaused == false)
    }

    @Test mutating func `does not offer anything to a full socket`() {
        let peer = impatientOperator(asking: 1)
        let writes = harness.host.work.writes
        for _ in 0..<3 { harness.ask(peer, .getStatus, Empty()) }
        #expect(harness.host.work.writes == writes)
        harness.limitReading(peer, to: nil)
        #expect(harness.heard(by: peer).count == 4)
    }

    @Test mutating func `ends with a client that reads nothing for thirty seconds`() {
        let peer = impatientOperator(asking: 2_000)
        harness.pass(.seconds(29))
        #expect(harness.isConnected(peer))
        harness.pass(.seconds(1))
        #expect(!harness.isConnected(peer))
    }
}
