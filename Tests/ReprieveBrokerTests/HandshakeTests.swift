// SPDX-License-Identifier: Apache-2.0

import BrokerStage
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

@Suite struct `Handshakes` {
    private var stage = Stage()

    @Test mutating func `the broker's own user is who it says`() {
        let peer = stage.connect("com.example.Camera", by: .components)
        #expect(stage.heard(by: peer) == [.connected])
    }

    @Test mutating func `componentName goes before the token`() {
        let peer = stage.enter(by: .components)
        let request = ConnectRequest(authToken: "com.example.Robot", componentName: "camera")
        stage.say(peer) { $0.connect(request) }
        #expect(stage.notes.last == .connected("camera"))
    }

    @Test(arguments: ["", "RANDOMTOKEN00001", "a b.c", "com.example/Camera", "com.example.\u{7}"])
    mutating func `a token that is no name with a dot claims nothing`(token: String) {
        let peer = stage.connect(token, by: .components)
        #expect(stage.heard(by: peer) == [.denied])
    }

    @Test mutating func `another user is denied, whatever it claims`() {
        let peer = stage.connect("com.example.Camera", by: .components, user: 99)
        #expect(stage.heard(by: peer) == [.denied])
    }

    @Test mutating func `a denied client has a second to close first`() {
        let peer = stage.connect("nobody", by: .components)
        stage.pass(.milliseconds(999))
        #expect(stage.isConnected(peer))
        stage.pass(.milliseconds(1))
        #expect(!stage.isConnected(peer))
    }

    @Test mutating func `who says nothing for five seconds is hung up on`() {
        let peer = stage.enter(by: .components)
        stage.pass(.milliseconds(4_999))
        #expect(stage.isConnected(peer))
        stage.pass(.milliseconds(1))
        #expect(!stage.isConnected(peer))
        #expect(stage.notes.contains(.saidNothing))
    }

    @Test mutating func `who has connected may be silent for days`() {
        let peer = stage.connect("com.example.Camera", by: .components)
        stage.pass(.seconds(1_000_000))
        #expect(stage.isConnected(peer))
        #expect(stage.nextDeadline == nil)
    }

    @Test mutating func `at the control socket nobody needs a name`() {
        let peer = stage.enter(by: .control, user: 99)
        stage.say(peer) { $0.connect(ConnectRequest()) }
        #expect(stage.heard(by: peer) == [.connected])
        stage.ask(peer, .subscribeToComponentUpdates, SubscribeRequest())
        let error = stage.heard(by: peer).first?.error
        #expect(error?.code == .invalidArguments)
    }

    @Test mutating func `a CONNECT of another version is denied at both sockets`() {
        for door in [Door.components, .control] {
            let peer = stage.enter(by: door)
            let payload = ConnectRequest(authToken: "a.b").encoded()
            let message = Message(.connect, version: "0.2.0", payload: payload)
            stage.sendBytes(message.encoded(), from: peer)
            #expect(stage.heard(by: peer) == [.denied])
        }
    }

    @Test mutating func `one user cannot take all connections`() {
        stage = Stage { $0.maximumPeersOfUser = 2 }
        let peers = (0..<3).map { _ in stage.enter(by: .components, user: 99) }
        #expect(peers.map { stage.isConnected($0) } == [true, true, false])
        let another = stage.enter(by: .components)
        #expect(stage.isConnected(another))
        stage.hangUp(peers[0])
        let next = stage.enter(by: .components, user: 99)
        #expect(stage.isConnected(next))
    }
}
