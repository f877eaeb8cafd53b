// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing
import Tokens

@Suite("A token") struct TokenTests {
    private let token = Token(random: Array(0..<26))
    private let camera = "com.example.Camera"

    private func harness() -> BrokerHarness {
        BrokerHarness { $0.tokens.issue(token, to: camera) }
    }

    private func enter(_ harness: inout BrokerHarness, token: String, from place: Place = Place())
        -> PeerID
    {
        let peer = harness.enter(at: .components, user: 99, place: place)
        harness.say(peer) { $0.connect(ConnectRequest(authToken: token, componentName: "a.b")) }
        return peer
    }

    @Test func `goes before unit, user and claim`() {
        let places = [
            Place(), Place(unit: "till.service"), Place(isContained: true), Place(hasExited: true),
            Place(isUnknown: true),
        ]
        for place in places {
            var harness = harness()
            _ = enter(&harness, token: token.text, from: place)
            #expect(harness.log.last == .connected(camera))
        }
    }

    @Test func `that is unknown falls through to the next rule`() {
        let unknown = Token(random: Array(1..<27)).text
        var harness = harness()
        let peer = enter(&harness, token: unknown)
        let isDenied = harness.isDenied(peer)
        #expect(isDenied)
        _ = enter(&harness, token: unknown, from: Place(unit: "till.service"))
        #expect(harness.log.contains(.connected("till/a.b")))
    }

    @Test func `that is unknown is called that, in the answer and in the log`() {
        let unknown = Token(random: Array(1..<27)).text
        var harness = harness()
        let denied = enter(&harness, token: unknown)
        guard case .denied(let reason)? = harness.heard(by: denied).first else {
            return #expect(Bool(false), "an unknown token from outside all services is let in")
        }
        #expect(reason?.hasPrefix("its token is not known, and it runs in no service") == true)
        #expect(harness.log.last?.text.contains("its token is not known") == true)
        _ = enter(&harness, token: unknown, from: Place(unit: "till.service"))
        #expect(harness.log.last?.text == "till/a.b sent a token that is not known")
    }

    @Test func `of a Greengrass nucleus is not complained of where the service gives the name`() {
        var harness = harness()
        _ = enter(&harness, token: "XJ5P7MDQ2RRKAXB7", from: Place(unit: "ggl.a.b.service"))
        #expect(harness.log.last == .connected("a.b"))
    }

    @Test func `that is revoked ends its connections, and is unknown from then on`() {
        var harness = harness()
        let one = enter(&harness, token: token.text)
        let other = harness.component("com.example.Robot")
        harness.adopt { $0.tokens.revoke($0.tokens.entries(of: camera)) }
        #expect(!harness.isConnected(one) && harness.isConnected(other))
        #expect(harness.log.contains { $0.text.hasSuffix("its token was revoked") })
        let watcher = harness.operatorAtControl()
        _ = harness.heard(by: watcher)
        harness.ask(watcher, .getMetrics, Empty())
        let counted = harness.heard(by: watcher).first?.response(as: MetricsShape.self)
        #expect(counted?.refusals == [CountShape("revoked", 1)])
        let again = enter(&harness, token: token.text)
        let isDenied = harness.isDenied(again)
        #expect(isDenied)
    }

    @Test func `that another one joins goes on`() {
        var harness = harness()
        let peer = enter(&harness, token: token.text)
        harness.adopt { $0.tokens.issue(Token(random: Array(1..<27)), to: camera) }
        #expect(harness.isConnected(peer))
    }
}

@Suite("The operator's policy") struct PolicyTests {
    private func rule(_ pattern: String, _ change: (inout ComponentRule) -> Void) -> ComponentRule {
        var rule = ComponentRule(pattern: pattern)
        change(&rule)
        return rule
    }

    private func subscribes(_ name: String, in harness: inout BrokerHarness) -> Bool {
        let peer = harness.component(name)
        let error = harness.heard(by: peer).compactMap(\.error).first
        #expect(error == nil || error?.code == .unauthorized)
        return error == nil
    }

    @Test func `says who may subscribe`() {
        let no = rule("com.example.*") { $0.maySubscribe = false }
        let yes = rule("com.example.Camera") { $0.maySubscribe = true }
        var harness = BrokerHarness { $0.negotiation.rules = [no, yes] }
        #expect(subscribes("com.example.Camera", in: &harness))
        #expect(!subscribes("com.example.Robot", in: &harness))
        #expect(subscribes("org.example.Till", in: &harness))
    }

    @Test func `may know those only that it names`() {
        let known = ComponentRule(pattern: "com.example.*")
        var harness = BrokerHarness {
            $0.negotiation.rules = [known]
            $0.negotiation.allowsUnknown = false
        }
        #expect(subscribes("com.example.Camera", in: &harness))
        #expect(!subscribes("org.example.Till", in: &harness))
    }

    @Test func `knows whom it gave a token`() {
        let token = Token(random: Array(0..<26))
        var harness = BrokerHarness {
            $0.tokens.issue(token, to: "org.example.Till")
            $0.negotiation.allowsUnknown = false
        }
        #expect(subscribes(token.text, in: &harness))
        harness.adopt {
            $0.negotiation.rules = [rule("*.Till") { $0.maySubscribe = false }]
        }
        #expect(!subscribes(token.text, in: &harness))
    }

    @Test func `that changes leaves who has subscribed alone`() {
        var harness = BrokerHarness()
        let peer = harness.component("com.example.Camera")
        harness.adopt { $0.negotiation.allowsUnknown = false }
        #expect(harness.isConnected(peer))
        #expect(!subscribes("com.example.Robot", in: &harness))
    }

    @Test func `lets an ordinary component live that may not subscribe`() {
        var harness = BrokerHarness { $0.negotiation.allowsUnknown = false }
        let peer = harness.connect("com.example.Camera", at: .components)
        harness.ask(peer, .updateState, payload: Array("{}".utf8))
        #expect(harness.heard(by: peer).compactMap(\.error).isEmpty)
    }
}
