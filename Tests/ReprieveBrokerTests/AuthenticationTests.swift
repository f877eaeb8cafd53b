// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import ReprieveBroker
import ReprieveProtocol
import Testing
import Tokens

/// Who connects, from where, saying what.
struct Arrival: Sendable, CustomTestStringConvertible {
    var place: Place
    var user: UInt32
    var claim: String?
    var name: String?

    /// `name` is what the connection is called; nil is denied.
    init(_ place: Place, user: UInt32 = 99, claim: String? = nil, is name: String?) {
        self.place = place
        self.user = user
        self.claim = claim
        self.name = name
    }

    var testDescription: String { "\(place.unit ?? "no unit") \(user) \(claim ?? "-")" }

    /// What the broker calls it at a endpoint; nil if it denies it.
    func name(at endpoint: Endpoint, token: String? = nil) -> String? {
        var harness = BrokerHarness()
        let peer = harness.enter(at: endpoint, user: user, place: place)
        harness.say(peer) { $0.connect(ConnectRequest(authToken: token, componentName: claim)) }
        guard case .connected(let name)? = harness.log.last else { return nil }
        return name
    }
}

/// The table of `Protocol/security.md`.
@Suite("A name") struct AuthenticationTests {
    private static let user99 = "user@99.service"
    private static let user1000 = "user@1000.service"
    private static let camera = "com.example.Camera"

    @Test(
        arguments: [
            Arrival(Place(unit: "camera.service"), is: "camera"),
            Arrival(Place(unit: "camera.service"), claim: camera, is: "camera/\(camera)"),
            Arrival(Place(unit: "camera@1.service"), is: "camera@1"),
            Arrival(Place(unit: #"camera@a\x2db.service"#), is: "camera@a+x2db"),
            Arrival(Place(unit: "run-u12.service"), claim: camera, is: "run-u12/\(camera)"),
            Arrival(Place(unit: "systemd-nspawn@till.service"), is: "systemd-nspawn@till"),
        ]
    )
    func `is that of the service`(arrival: Arrival) {
        #expect(arrival.name(at: .components) == arrival.name)
    }

    @Test(
        arguments: [
            Arrival(Place(unit: "ggl.\(camera).service"), is: camera),
            Arrival(Place(unit: "ggl.\(camera).install.service"), is: camera),
            Arrival(Place(unit: "ggl.\(camera).bootstrap.service"), is: camera),
            Arrival(Place(unit: "ggl.\(camera).service"), claim: "com.example.Other", is: camera),
            Arrival(Place(unit: "ggl..service"), is: nil),
            Arrival(Place(unit: "gglx.service"), is: "gglx"),
        ]
    )
    func `is the component's own in a service of Greengrass Lite`(arrival: Arrival) {
        #expect(arrival.name(at: .components) == (arrival.name ?? "ggl."))
    }

    @Test(
        arguments: [
            Arrival(Place(unit: user99, userUnit: "cam.service"), is: "user@99/cam"),
            Arrival(Place(unit: user99, userUnit: "cam.service"), claim: "a.b", is: "user@99/a.b"),
            Arrival(Place(unit: user99, userUnit: "app.scope"), is: "user@99"),
            Arrival(Place(unit: user99), claim: camera, is: "user@99/\(camera)"),
            Arrival(Place(unit: user99, userUnit: "ggl.x.service"), is: "user@99/ggl.x"),
            Arrival(Place(unit: user1000, userUnit: "cam.service"), is: "cam"),
            Arrival(Place(unit: user1000, userUnit: "ggl.\(camera).service"), is: camera),
            Arrival(Place(unit: user1000), user: 1_000, claim: camera, is: camera),
            Arrival(Place(unit: user1000, userUnit: "term.scope"), claim: camera, is: nil),
        ]
    )
    func `in a user's manager is below that user, unless it is the broker's`(arrival: Arrival) {
        #expect(arrival.name(at: .components) == arrival.name)
    }

    @Test(
        arguments: [
            "session-2.scope", "init.scope", "run-r1.scope", "docker-0a1b.scope", "a.mount",
        ]
    )
    func `is not given by what is no service`(unit: String) {
        let place = Place(unit: unit)
        #expect(Arrival(place, claim: "a.b", is: nil).name(at: .components) == nil)
        let own = Arrival(place, user: BrokerHarness.user, claim: "a.b", is: "a.b")
        #expect(own.name(at: .components) == "a.b")
    }

    @Test func `is not believed of a process in a container, though its uid is the broker's`() {
        let place = Place(unit: "docker-0a1b.scope", isContained: true)
        let arrival = Arrival(place, user: BrokerHarness.user, claim: "a.b", is: nil)
        #expect(arrival.name(at: .components) == nil)
    }

    @Test func `is not believed of a process that has ended`() {
        let place = Place(hasExited: true)
        let arrival = Arrival(place, user: BrokerHarness.user, claim: "a.b", is: nil)
        #expect(arrival.name(at: .components) == nil)
    }

    @Test func `is not believed of a process that could not be looked up`() {
        let place = Place(isUnknown: true)
        let arrival = Arrival(place, user: BrokerHarness.user, claim: "a.b", is: nil)
        #expect(arrival.name(at: .components) == nil)
        #expect(arrival.name(at: .control) == "")
    }

    @Test func `longer than 128 bytes with its unit is denied`() {
        let unit = Place(unit: String(repeating: "u", count: 100) + ".service")
        #expect(Arrival(unit, is: nil).name(at: .components)?.utf8.count == 100)
        let claim = String(repeating: "c", count: 28)
        #expect(Arrival(unit, claim: claim, is: nil).name(at: .components) == nil)
        let long = Place(unit: String(repeating: "u", count: 200) + ".service")
        #expect(Arrival(long, is: nil).name(at: .components) == nil)
    }

    @Test(
        arguments: [
            "", String(repeating: "x", count: 10_240), "a\u{1B}[2J", "a b", "b/c", "ä", "a\n",
        ]
    )
    func `that is malformed is denied, also inside a service`(claim: String) {
        for place in [Place(), Place(unit: "camera.service")] {
            let arrival = Arrival(place, user: BrokerHarness.user, claim: claim, is: nil)
            #expect(arrival.name(at: .components) == nil)
        }
    }

    @Test func `is escaped where a denial is told`() {
        var harness = BrokerHarness()
        let peer = harness.enter(at: .components)
        harness.say(peer) { $0.connect(ConnectRequest(componentName: "a\u{1B}[2J\nb")) }
        let text = harness.log.last?.text
        let shown = #""a\u{1b}[2J\u{a}b" cannot be a component's name"#
        #expect(text == "denied a connection from uid 1000, pid 1: \(shown)")
    }

    @Test func `at the control socket is had by who claims one`() {
        let place = Place(unit: "updater.service")
        #expect(Arrival(place, is: nil).name(at: .control) == "")
        #expect(Arrival(place, claim: "a.b", is: nil).name(at: .control) == "updater/a.b")
        #expect(Arrival(Place(), claim: "a.b", is: nil).name(at: .control) == "")
    }
}
