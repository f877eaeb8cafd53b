// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import ReprieveTypes
import StrictJSON
import Testing

@Suite("Shapes") struct ShapeTests {
    private func error<S: Shape>(_ type: S.Type, _ text: String) -> String? {
        do {
            _ = try S(decoding: Array(text.utf8))
            return nil
        } catch {
            return error.message
        }
    }

    @Test(arguments: [
        (#"{"deploymentId":"d","recheckAfterMs":1.5}"#, "recheckAfterMs: 1.5 is not an integer"),
        (#"{"deploymentId":"d","recheckAfterMs":-1}"#, "recheckAfterMs: -1 is negative"),
        (
            #"{"deploymentId":"d","recheckAfterMs":"60000"}"#,
            "recheckAfterMs: expected an integer, found a string"
        ),
        (
            #"{"deploymentId":"d","recheckAfterMs":true}"#,
            "recheckAfterMs: expected an integer, found a boolean"
        ),
        (
            #"{"deploymentId":"d","recheckAfterMs":9223372036854775808}"#,
            "recheckAfterMs: 9223372036854775808 does not fit into 64 bits"
        ),
        (#"{"recheckAfterMs":0}"#, "deploymentId is missing"),
        (#"{"deploymentId":"","recheckAfterMs":0}"#, "deploymentId is empty"),
        (
            #"{"deploymentId":7,"recheckAfterMs":0}"#,
            "deploymentId: expected a string, found a number"
        ),
        (
            #"{"deploymentId":"d","recheckAfterMs":0,"message":{}}"#,
            "message: expected a string, found an object"
        ),
        (
            #"{"deploymentId":"d","recheckAfterMs":0,"round":"1"}"#,
            "round: expected an integer, found a string"
        ),
        ("[]", "expected an object, found an array"),
    ])
    func `an answer that is none says what is wrong`(text: String, message: String) {
        #expect(error(DeferRequest.self, text) == message)
    }

    @Test(arguments: ["x", "\u{1}", "\u{1F600}"])
    func `a text of any length makes a frame that a broker takes`(character: String) throws {
        let text = String(repeating: character, count: 70_000)
        let cut = ReprieveProtocol.cut(text)
        let answer = DeferRequest(deploymentID: "d", recheckAfterMs: 1, message: text).encoded()
        #expect(answer.count < 8 * Limits.text)
        #expect(try DeferRequest(decoding: answer).message == cut)
        let gate = GateRequest(deploymentID: "d", reason: text).encoded()
        #expect(try GateRequest(decoding: gate).reason == cut)
        let end = CompleteRequest(deploymentID: "d", outcome: .failed, message: text).encoded()
        #expect(try CompleteRequest(decoding: end).message == cut)
        let withdrawal = ReasonedRequest(deploymentID: "d", reason: text).encoded()
        #expect(try ReasonedRequest(decoding: withdrawal).reason == cut)
        #expect([gate, end, withdrawal].allSatisfy { $0.count < 8 * Limits.text })
    }

    @Test(arguments: [
        ("0", 0), ("1000.0", 1_000), ("1e3", 1_000), ("9223372036854775807", Int64.max),
    ])
    func `every whole number of milliseconds is an answer`(text: String, value: Int64) throws {
        let json = #"{"deploymentId":"d","recheckAfterMs":\#(text)}"#
        #expect(try DeferRequest(decoding: Array(json.utf8)).recheckAfterMs == value)
    }

    @Test func `a deployment id of 256 bytes passes, of 257 does not`() {
        let longest = String(repeating: "d", count: 256)
        #expect(
            error(DeferRequest.self, #"{"deploymentId":"\#(longest)","recheckAfterMs":0}"#) == nil
        )
        #expect(
            error(DeferRequest.self, #"{"deploymentId":"\#(longest)d","recheckAfterMs":0}"#)
                == "deploymentId: 257 bytes, the maximum is 256"
        )
    }

    @Test func `a long text is cut on a character`() {
        let text = "x" + String(repeating: "é", count: 600)
        #expect(cut(text).utf8.count == 1_023)
        #expect(cut(text) == "x" + String(repeating: "é", count: 511))
        #expect(cut("short") == "short")
    }

    @Test(arguments: [
        (#"{"deploymentId":"d","policy":{"deadlineMs":-1}}"#, "deadlineMs: -1 is negative"),
        (
            #"{"deploymentId":"d","policy":{"onSilence":"wait"}}"#,
            #"onSilence: "wait" is not one of proceed, refuse"#
        ),
        (
            #"{"deploymentId":"d","policy":{"action":"NOTIFY"}}"#,
            #"action: "NOTIFY" is not one of NOTIFY_COMPONENTS, SKIP_NOTIFY_COMPONENTS"#
        ),
        (#"{"deploymentId":"d","policy":[]}"#, "policy: expected an object, found an array"),
        (
            #"{"deploymentId":"d","components":["a b"]}"#,
            #"components: "a b" is not a component name"#
        ),
        (
            #"{"deploymentId":"d","policy":{"require":["a/b/c"]}}"#,
            #"require: "a/b/c" is not a component name"#
        ),
    ])
    func `a gate request that is none says what is wrong`(text: String, message: String) {
        #expect(error(GateRequest.self, text) == message)
    }

    @Test func `only what became of the device can complete an update`() {
        let text = #"{"deploymentId":"d","outcome":"cancelled"}"#
        #expect(
            error(CompleteRequest.self, text)
                == "outcome: cancelled is not applied, failed or rolledBack"
        )
    }

    @Test func `an event that is not known yet is no error`() throws {
        let future = Array(#"{"futureEvent":{"deploymentId":"d"}}"#.utf8)
        #expect(try ComponentEvent(decoding: future) == .unknown)
    }

    @Test(arguments: [Int64.min, -1, 0, 7, .max])
    func `a duration of a broker is between 0 and a century`(number: Int64) throws {
        let taken = max(0, min(number, longestDuration))
        let granted = Array(#"{"grantedMs":\#(number)}"#.utf8)
        #expect(try DeferResponse(decoding: granted).grantedMs == taken)
        let text = #"{"deploymentId":"d","basis":"consent","waitedMs":\#(number)}"#
        #expect(try ReleasedShape(decoding: Array(text.utf8)).waitedMs == taken)
    }

    @Test func `absent members are omitted, never null`() {
        let event = ComponentEvent.preUpdate(
            PreUpdateEvent(deploymentID: "d", disruption: .components)
        )
        #expect(
            String(decoding: event.encoded(), as: UTF8.self)
                == #"{"preUpdateEvent":{"deploymentId":"d","isGgcRestarting":false,"#
                + #""disruption":"components"}}"#
        )
    }

    @Test func `every shape reads what it writes`() throws {
        var notice = PreUpdateEvent(deploymentID: "d", disruption: .nucleus)
        notice.reason = "nucleus 2.13.0"
        notice.components = ["a.b"]
        notice.round = 3
        notice.respondByMs = 60_000
        notice.deadlineInMs = 1
        notice.maxDeferMs = 2
        notice.lastCall = true
        notice.final = true
        try roundTrips(ComponentEvent.preUpdate(notice))
        let post = PostUpdateEvent(deploymentID: "d", outcome: .rolledBack, message: "m")
        try roundTrips(ComponentEvent.postUpdate(post))
        try roundTrips(DeferRequest(deploymentID: "d", recheckAfterMs: 5, message: "m", round: 2))
        try roundTrips(DeferResponse(grantedMs: 1, remainingMs: 2))
        try roundTrips(SubscribeRequest(confirm: true))
        try roundTrips(ConnectRequest(authToken: "t", componentName: "c"))
        try roundTrips(CompleteRequest(deploymentID: "d", outcome: .failed, message: "m"))
        try roundTrips(ReasonedRequest(deploymentID: "d", reason: "r"))
        try roundTrips(gateRequest)
        try roundTrips(
            GateResponse(deploymentID: "d", participants: ["a"], attached: true, unmatched: ["b"])
        )
        try roundTrips(StatusEvent(status: StatusShape(updates: [update], components: [component])))
        var status = StatusShape(updates: [], components: [], missing: ["a"])
        status.list(Array(repeating: account, count: 33))
        #expect(status.accounts.count == 32 && status.omittedAccounts == 1)
        try roundTrips(status)
        var strict = update
        strict.onSilence = .refuse
        strict.onDeadline = .refuse
        try roundTrips(strict)
        status.tokensFile = TokensFileShape(path: "/p", tokens: 2, digest: "0a")
        status.policy = gateRequest.policy
        status.inhibitors = [InhibitorShape(mode: "delay", why: "w")]
        try roundTrips(status)
        try roundTrips(GateEvent.progress(update))
        try roundTrips(GateEvent.released(released))
        let withdrawn = WithdrawnShape(deploymentID: "d", by: "uid 0", reason: "r")
        try roundTrips(GateEvent.refused(withdrawn))
        try roundTrips(GateEvent.cancelled(withdrawn))
    }

    private var account: AccountShape {
        AccountShape(
            uid: 33,
            service: "till.service",
            socket: .control,
            connections: UsageShape(used: 1, limit: 2),
            handshakes: UsageShape(used: 3, limit: 4),
            bytes: UsageShape(used: 5, limit: 6),
            subscriptions: UsageShape(used: 7, limit: 8),
            components: UsageShape(used: 9),
            owed: UsageShape(used: 10, limit: 11),
            refusals: 12
        )
    }

    private func roundTrips(_ shape: some Shape) throws {
        #expect(try type(of: shape).init(decoding: shape.encoded()) == shape)
    }

    private var gateRequest: GateRequest {
        var policy = PolicyShape()
        policy.action = .skip
        policy.responseTimeoutMs = 1
        policy.deadlineMs = 2
        policy.maxDeferMs = 3
        policy.maxTotalDeferMs = 4
        policy.onSilence = .refuse
        policy.require = ["a.b"]
        return GateRequest(
            deploymentID: "d",
            reason: "r",
            disruption: .nucleus,
            components: ["a.b", "u/c"],
            policy: policy
        )
    }

    private var update: UpdateShape {
        let participant = ParticipantShape(
            component: "a.b",
            state: .deferred,
            sinceMs: 1,
            untilMs: 2,
            message: "m",
            deferrals: 3,
            blockedMs: 4,
            remainingMs: 5
        )
        return UpdateShape(
            deploymentID: "d",
            state: .waiting,
            reason: "r",
            disruption: .nucleus,
            ageMs: 1,
            deadlineInMs: 2,
            blockedBy: ["a.b"],
            participants: [participant]
        )
    }

    private var component: ComponentShape {
        ComponentShape(component: "a.b", connections: 2, pids: [1, 2], unit: "a.service")
    }

    private var released: ReleasedShape {
        ReleasedShape(
            deploymentID: "d",
            basis: .capped,
            waitedMs: 1,
            participants: ["a"],
            silent: ["b"],
            overridden: ["c"]
        )
    }
}

@Suite("Names") struct NameTests {
    @Test(arguments: ["a", "com.example.Camera", "camera@1", "unit/claim", "a-b_c:d+e"])
    func `a component's name`(name: String) {
        #expect(isComponentName(name))
    }

    @Test(arguments: ["", "a b", "a/b/c", "/a", "a/", "é", "a\u{0}", "a\nb", "\u{1b}[31m"])
    func `no component's name`(name: String) {
        #expect(!isComponentName(name))
    }

    @Test func `a name of 128 bytes passes, of 129 does not`() {
        #expect(isComponentName(String(repeating: "n", count: 128)))
        #expect(!isComponentName(String(repeating: "n", count: 129)))
    }

    @Test func `what a terminal might obey is shown escaped`() {
        #expect(quoted("a\u{1b}[31m\n\"\\é") == #""a\u{1b}[31m\u{a}\"\\é""#)
        #expect(quoted(String(repeating: "x", count: 97)).hasSuffix("x…\""))
        #expect(quoted(String(rawBytes: [0x61, 0xFF])) == #""a\xff""#)
    }
}
