// SPDX-License-Identifier: Apache-2.0

import BrokerStage
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing
import Tokens

@Suite struct `A token` {
    private let token = Token(random: Array(0..<26))
    private let camera = "com.example.Camera"

    private func stage() -> Stage {
        Stage { $0.tokens.issue(token, to: camera) }
    }

    private func enter(_ stage: inout Stage, token: String, from place: Place = Place()) -> PeerID {
        let peer = stage.enter(by: .components, user: 99, place: place)
        stage.say(peer) { $0.connect(ConnectRequest(authToken: token, componentName: "a.b")) }
        return peer
    }

    @Test func `goes before unit, user and claim`() {
        let places = [
            Place(), Place(unit: "till.service"), Place(isContained: true), Place(hasExited: true),
            Place(isUnknown: true),
        ]
        for place in places {
            var stage = stage()
            _ = enter(&stage, token: token.text, from: place)
            #expect(stage.notes.last == .connected(camera))
        }
    }

    @Test func `that is unknown falls through to the next rule`() {
        let unknown = Token(random: Array(1..<27)).text
        var stage = stage()
        let peer = enter(&stage, token: unknown)
        #expect(stage.heard(by: peer) == [.denied])
        _ = enter(&stage, token: unknown, from: Place(unit: "till.service"))
        #expect(stage.notes.last == .connected("till/a.b"))
    }

    @Test func `that is revoked ends its connections, and is unknown from then on`() {
        var stage = stage()
        let one = enter(&stage, token: token.text)
        let other = stage.component("com.example.Robot")
        stage.adopt { $0.tokens.revoke(camera) }
        #expect(!stage.isConnected(one) && stage.isConnected(other))
        #expect(stage.notes.contains(.revoked(camera)))
        let again = enter(&stage, token: token.text)
        #expect(stage.heard(by: again) == [.denied])
    }

    @Test func `that another one joins goes on`() {
        var stage = stage()
        let peer = enter(&stage, token: token.text)
        stage.adopt { $0.tokens.issue(Token(random: Array(1..<27)), to: camera) }
        #expect(stage.isConnected(peer))
    }
}

@Suite struct `The operator's policy` {
    private func rule(_ pattern: String, _ change: (inout ComponentRule) -> Void) -> ComponentRule {
        var rule = ComponentRule(pattern: pattern)
        change(&rule)
        return rule
    }

    private func subscribes(_ name: String, in stage: inout Stage) -> Bool {
        let peer = stage.component(name)
        let error = stage.heard(by: peer).compactMap(\.error).first
        #expect(error == nil || error?.code == .unauthorized)
        return error == nil
    }

    @Test func `says who may subscribe`() {
        let no = rule("com.example.*") { $0.maySubscribe = false }
        let yes = rule("com.example.Camera") { $0.maySubscribe = true }
        var stage = Stage { $0.negotiation.rules = [no, yes] }
        #expect(subscribes("com.example.Camera", in: &stage))
        #expect(!subscribes("com.example.Robot", in: &stage))
        #expect(subscribes("org.example.Till", in: &stage))
    }

    @Test func `may know those only that it names`() {
        let known = ComponentRule(pattern: "com.example.*")
        var stage = Stage {
            $0.negotiation.rules = [known]
            $0.negotiation.allowsUnknown = false
        }
        #expect(subscribes("com.example.Camera", in: &stage))
        #expect(!subscribes("org.example.Till", in: &stage))
    }

    @Test func `knows whom it gave a token`() {
        let token = Token(random: Array(0..<26))
        var stage = Stage {
            $0.tokens.issue(token, to: "org.example.Till")
            $0.negotiation.allowsUnknown = false
        }
        #expect(subscribes(token.text, in: &stage))
        stage.adopt {
            $0.negotiation.rules = [rule("*.Till") { $0.maySubscribe = false }]
        }
        #expect(!subscribes(token.text, in: &stage))
    }

    @Test func `that changes leaves who has subscribed alone`() {
        var stage = Stage()
        let peer = stage.component("com.example.Camera")
        stage.adopt { $0.negotiation.allowsUnknown = false }
        #expect(stage.isConnected(peer))
        #expect(!subscribes("com.example.Robot", in: &stage))
    }

    @Test func `lets an ordinary component live that may not subscribe`() {
        var stage = Stage { $0.negotiation.allowsUnknown = false }
        let peer = stage.connect("com.example.Camera", by: .components)
        stage.ask(peer, .updateState, payload: Array("{}".utf8))
        #expect(stage.heard(by: peer).compactMap(\.error).isEmpty)
    }
}
