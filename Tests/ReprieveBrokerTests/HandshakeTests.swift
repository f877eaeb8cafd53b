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
        let isDenied = harness.isDenied(peer)
        #expect(isDenied)
    }

    @Test mutating func `another user is denied, whatever it claims`() {
        let peer = harness.connect("com.example.Camera", at: .components, user: 99)
        let isDenied = harness.isDenied(peer)
        #expect(isDenied)
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

    @Test mutating func `who says nothing has its five seconds while the device is awake`() {
        let peer = harness.enter(at: .components)
        harness.pass(.seconds(3))
        harness.suspend(.seconds(3_600))
        harness.pass(.milliseconds(1_999))
        #expect(harness.isConnected(peer))
        harness.pass(.milliseconds(1))
        #expect(!harness.isConnected(peer))
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
            let isDenied = harness.isDenied(peer)
            #expect(isDenied)
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

    private static func connect(padding: Int) -> [UInt8] {
        let padding = String(repeating: "x", count: padding)
        let payload = #"{"componentName":"c.c","padding":""# + padding + #""}"#
        return Message(.connect, version: "0.1.0", payload: Array(payload.utf8)).encoded()
    }

    @Test(arguments: [Endpoint.components, .control])
    mutating func `the first frame is a small one`(endpoint: Endpoint) {
        let room = Limits.frameBeforeAccepted - Self.connect(padding: 0).count
        let peer = harness.enter(at: endpoint)
        harness.sendBytes(Self.connect(padding: room), from: peer)
        #expect(harness.heard(by: peer) == [.connected])
        let other = harness.enter(at: endpoint)
        let tooLong = Self.connect(padding: room + 1)
        harness.sendBytes(Array(tooLong.prefix(12)), from: other)
        let reason = "a frame of 16385 bytes, the maximum is 16384"
        #expect(harness.heard(by: other) == [.broken(reason: reason)], "without waiting for it")
        harness.pass(Limits.lingerTimeout)
        #expect(!harness.isConnected(other))
    }

    @Test(arguments: [
        #"{"componentName":"c.c","more":[[[[1]]]]}"#,
        "{" + (0..<64).map { #""m\#($0)":0,"# }.joined() + #""componentName":"c.c"}"#,
        #"{"componentName":"c.c","more":["# + String(repeating: "0,", count: 64) + "0]}",
    ])
    mutating func `a CONNECT that is deep or has many members is denied`(payload: String) {
        let peer = harness.enter(at: .components)
        let message = Message(.connect, version: "0.1.0", payload: Array(payload.utf8))
        harness.sendBytes(message.encoded(), from: peer)
        let isDenied = harness.isDenied(peer)
        #expect(isDenied)
    }

    @Test(arguments: [
        (Endpoint.components, Limits.frameFromComponent),
        (.control, Limits.frameFromCoordinator),
    ])
    mutating func `what follows CONNECT in the same bytes may be as long as ever`(
        endpoint: Endpoint,
        size: Int
    ) {
        let peer = harness.enter(at: endpoint)
        var ping = Message(.ping, payload: [])
        ping.payload = [UInt8](repeating: 7, count: size - ping.encoded().count)
        harness.sendBytes(Self.connect(padding: 0) + ping.encoded(), from: peer)
        #expect(harness.heard(by: peer).first == .connected)
        #expect(harness.isConnected(peer) && harness.log.allSatisfy { $0.level < .warning })
    }
}
