// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

@Suite("Handshakes") struct HandshakeTests {
    private var harness = BrokerHarness()

    @Test mutating func `the broker's own user is who it says`() {
        let peer = harness.connect("com.example.Camera", at: .components)
        #expect(harness.heard(by: peer) == [.connected])
    }

    @Test mutating func `componentName goes before the token`() {
        let peer = harness.enter(at: .components)
        let request = ConnectRequest(authToken: "com.example.Robot", componentName: "camera")
        harness.say(peer) { $0.connect(request) }
        #expect(harness.log.last == .connected("camera"))
    }

    @Test(arguments: ["", "RANDOMTOKEN00001", "a b.c", "com.example/Camera", "com.example.\u{7}"])
    mutating func `a token that is no name with a dot claims nothing`(token: String) {
        let peer = harness.connect(token, at: .components)
        #expect(harness.heard(by: peer) == [.denied])
    }

    @Test mutating func `another user is denied, whatever it claims`() {
        let peer = harness.connect("com.example.Camera", at: .components, user: 99)
        #expect(harness.heard(by: peer) == [.denied])
    }

    @Test mutating func `a denied client has a second to close first`() {
        let peer = harness.connect("nobody", at: .components)
        harness.pass(.milliseconds(999))
        #expect(harness.isConnected(peer))
        harness.pass(.milliseconds(1))
        #expect(!harness.isConnected(peer))
    }

    @Test mutating func `who says nothing for five seconds is hung up on`() {
        let peer = harness.enter(at: .components)
        harness.pass(.milliseconds(4_999))
        #expect(harness.isConnected(peer))
        harness.pass(.milliseconds(1))
        #expect(!harness.isConnected(peer))
        let complaint = harness.log.last { $0.level == .warning }
        #expect(complaint?.text.hasSuffix("it sent no CONNECT") == true)
    }

    @Test mutating func `who has connected may be silent for days`() {
        let peer = harness.connect("com.example.Camera", at: .components)
        harness.pass(.seconds(1_000_000))
        #expect(harness.isConnected(peer))
        #expect(harness.nextDeadline == nil)
    }

    @Test mutating func `at the control socket nobody needs a name`() {
        let peer = harness.enter(at: .control, user: 99)
        harness.say(peer) { $0.connect(ConnectRequest()) }
        #expect(harness.heard(by: peer) == [.connected])
        harness.ask(peer, .subscribeToComponentUpdates, SubscribeRequest())
        let error = harness.heard(by: peer).first?.error
        #expect(error?.code == .invalidArguments)
    }

    @Test mutating func `a CONNECT of another version is denied at both sockets`() {
        for endpoint in [Endpoint.components, .control] {
            let peer = harness.enter(at: endpoint)
            let payload = ConnectRequest(authToken: "a.b").encoded()
            let message = Message(.connect, version: "0.2.0", payload: payload)
            harness.sendBytes(message.encoded(), from: peer)
            #expect(harness.heard(by: peer) == [.denied])
        }
    }

    @Test mutating func `one user cannot take all connections`() {
        harness = BrokerHarness { $0.limits.account.connections = 2 }
        let peers = (0..<3).map { _ in harness.enter(at: .components, user: 99) }
        #expect(peers.map { harness.isConnected($0) } == [true, true, false])
        let another = harness.enter(at: .components)
        #expect(harness.isConnected(another))
        harness.hangUp(peers[0])
        let next = harness.enter(at: .components, user: 99)
        #expect(harness.isConnected(next))
    }
}
