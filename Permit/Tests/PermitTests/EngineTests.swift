// SPDX-License-Identifier: Apache-2.0

import Foundation
import Reprieve
import Testing

@testable import Permit

@Suite("An engine") struct EngineTests {
    /// Answers with what is prepared, and remembers what it was sent.
    private final class Script: HTTPTransport {
        var replies: [HTTPReply]
        var requests: [HTTPRequest] = []
        let now = Duration.zero

        init(_ replies: HTTPReply...) {
            self.replies = replies
        }

        func send(_ request: HTTPRequest) -> HTTPReply {
            requests.append(request)
            return replies.isEmpty ? .absent("nothing prepared") : replies.removeFirst()
        }
    }

    private func response(
        _ status: Int,
        _ body: String = "",
        _ type: String = "application/json"
    ) -> HTTPReply {
        .response(HTTPResponse(status: status, contentType: type, body: Array(body.utf8)))
    }

    private func fleetLock(_ reply: HTTPReply) -> Reply {
        Servers(FleetLockEngine(id: "x", group: "g"), urls: ["http://a/b/"], timeout: .seconds(1))
            .claim(over: Script(reply))
    }

    private enum Kind { case done, full, absent, refused }

    private func kind(_ reply: Reply) -> Kind {
        switch reply {
        case .done: .done
        case .full: .full
        case .absent: .absent
        case .refused: .refused
        }
    }

    @Test func `of FleetLock sends what the protocol says`() {
        let script = Script(response(200))
        let engine = FleetLockEngine(id: "x", group: "g")
        _ = Servers(engine, urls: ["http://a/b/"], timeout: .seconds(1)).claim(over: script)
        #expect(script.requests[0].url == "http://a/b/v1/pre-reboot")
        #expect(script.requests[0].headers.contains("fleet-lock-protocol: true"))
        let body = String(decoding: script.requests[0].body, as: UTF8.self)
        #expect(body == #"{"client_params":{"group":"g","id":"x"}}"#)
    }

    @Test func `of FleetLock takes 200 alone for a slot, and no page of a portal`() {
        #expect(fleetLock(response(200, "", "")) == .done)
        let portals = [
            response(200, "<html>Pay</html>", "text/html"), response(200, " <!DOCTYPE html>", ""),
            response(204), response(201), response(302), response(400), response(401),
            response(404), response(429), .refused("TLS"),
        ]
        for portal in portals { #expect(kind(fleetLock(portal)) == .refused, "\(portal)") }
    }

    @Test func `of FleetLock tells full from broken, whichever server it is`() {
        let poseidon = #"{"kind":"lock_held","value":"till-3"}"#
        #expect(fleetLock(response(423, poseidon)) == .full("lock_held: till-3"))
        let airlock = #"{"kind":"failed_lock","value":"all 2 semaphore slots currently locked"}"#
        #expect(kind(fleetLock(response(500, airlock, "text/plain"))) == .full)
        let broken = #"{"kind":"failed_sem_init","value":"no etcd"}"#
        #expect(kind(fleetLock(response(500, broken, "text/plain"))) == .absent)
        #expect(kind(fleetLock(response(503, "<html>", "text/html"))) == .absent)
    }

    @Test(
        arguments: [
            ("all 2 semaphore slots currently locked", Kind.full),
            ("conflict on semaphore detected, aborting", .full),
            ("context deadline exceeded", .absent), ("etcdserver: request timed out", .absent),
            ("empty semaphore value", .absent),
        ]
    )
    private func `of FleetLock takes airlock for full only where it says so`(
        value: String,
        expected: Kind
    ) {
        let body = #"{"kind":"failed_lock","value":"\#(value)"}"#
        #expect(kind(fleetLock(response(500, body, "text/plain"))) == expected)
    }

    @Test func `asks the next server where one is absent, and only there`() {
        let engine = FleetLockEngine(id: "x", group: "g")
        let servers = Servers(engine, urls: ["http://a", "http://b"], timeout: .seconds(1))
        #expect(servers.claim(over: Script(.absent("away"), response(200))) == .done)
        #expect(kind(servers.claim(over: Script(response(423), response(200)))) == .full)
    }

    /// The actions after a claim that got this reply.
    private func actions(after reply: Reply) -> [PermitStateMachine.Action] {
        let record = Record(boot: "b")
        var permit = PermitStateMachine(
            PermitPolicy(),
            record: record,
            boot: "b",
            seed: 1,
            at: .zero
        )
        _ = permit.handle(.asked(.init(number: 1), .init("d", .reboot, final: true)), at: .zero)
        return permit.handle(.replied(reply), at: .zero)
    }

    @Test func `that is full after an absent one leaves a slot to be given back`() {
        let engine = FleetLockEngine(id: "x", group: "g")
        let servers = Servers(engine, urls: ["http://a", "http://b"], timeout: .seconds(1))
        let sure = servers.claim(over: Script(response(423)))
        #expect(!actions(after: sure).contains(.giveBack))
        let unsure = servers.claim(over: Script(.absent("timed out"), response(423)))
        #expect(kind(unsure) == .full && actions(after: unsure).contains(.giveBack))
    }

    @Test func `of FleetLock that names no holder leaves a slot to be given back`() {
        let value = "reboot lease unavailable, held by "
        for (holder, isUnsure) in [("till-3", false), ("", true)] {
            let body = #"{"kind":"lock_held","value":"\#(value + holder)"}"#
            let reply = fleetLock(response(423, body))
            #expect(kind(reply) == .full && actions(after: reply).contains(.giveBack) == isUnsure)
        }
    }

    // etcd

    private func range(_ value: String?, version: Int = 1) -> HTTPReply {
        let pair = value.map {
            let encoded = Data($0.utf8).base64EncodedString()
            return #", "kvs":[{"version":"\#(version)","value":"\#(encoded)"}]"#
        }
        return response(200, #"{"header":{"cluster_id":"1"}\#(pair ?? "")}"#)
    }

    private func written(_ succeeded: Bool) -> HTTPReply {
        let word = succeeded ? #","succeeded":true"# : ""
        return response(200, #"{"header":{"cluster_id":"1"}\#(word)}"#)
    }

    private let etcd = Servers(
        EtcdEngine(id: "x", group: "g", slots: 2),
        urls: ["http://a"],
        timeout: .seconds(1)
    )

    private func etcd(_ script: Script) -> Reply { etcd.claim(over: script) }

    @Test func `of etcd lets no change succeed that was asked for before`() {
        let held = range(#"{"total_slots":2,"holders":["x"]}"#)
        let free = range(#"{"total_slots":2,"holders":[]}"#)
        let claim = Script(held, written(true))
        #expect(etcd(claim) == .done && claim.requests.count == 2)
        for unheld in [free, range(nil)] {
            let giveBack = Script(unheld, written(false), held, written(true))
            #expect(etcd.giveBack(over: giveBack) == .done && giveBack.requests.count == 4)
        }
    }

    @Test func `of etcd adds itself to the holders, sorted, if nothing has changed`() throws {
        let semaphore = range(#"{"total_slots":3,"holders":["z","a"]}"#, version: 7)
        let script = Script(semaphore, written(true))
        #expect(etcd(script) == .done)
        let body = try JSONSerialization.jsonObject(with: Data(script.requests[1].body))
        let transaction = try #require(body as? [String: [[String: Any]]])
        #expect(transaction["compare"]?[0]["version"] as? String == "7")
        let put = try #require(transaction["success"]?[0]["request_put"] as? [String: String])
        let value = try #require(Data(base64Encoded: put["value"] ?? ""))
        let text = String(decoding: value, as: UTF8.self)
        #expect(text == #"{"holders":["a","x","z"],"total_slots":3}"#)
        let key = try #require(Data(base64Encoded: put["key"] ?? ""))
        #expect(String(decoding: key, as: UTF8.self) == "com.coreos.airlock/groups/g/v1/semaphore")
    }

    @Test func `of etcd is full by the slots that are written, and names the holders`() {
        let semaphore = range(#"{"total_slots":1,"holders":["till-3"]}"#)
        #expect(etcd(Script(semaphore)) == .full("held by till-3"))
    }

    @Test func `of etcd tries again when another is faster, and not for ever`() {
        let free = range(#"{"total_slots":2,"holders":[]}"#)
        let taken = range(#"{"total_slots":2,"holders":["a","b"]}"#)
        #expect(kind(etcd(Script(free, written(false), taken))) == .full)
        #expect(etcd(Script(range(nil), written(false), free, written(true))) == .done)
        let script = Script()
        script.replies = (0..<100).flatMap { _ in [free, written(false)] }
        #expect(kind(etcd(script)) == .full)
        #expect(script.requests.count < 30)
    }

    @Test(
        arguments: [
            #"{"holders":["a"]}"#, "[]", "", #"{"total_slots":-1,"holders":[]}"#,
            #"{"total_slots":1,"holders":[1]}"#,
        ]
    )
    func `of etcd takes no other's value for a semaphore`(value: String) {
        #expect(kind(etcd(Script(range(value)))) == .refused)
    }

    @Test func `of etcd takes no other's answer for etcd's`() {
        #expect(kind(etcd(Script(response(200, "{}")))) == .refused)
        #expect(kind(etcd(Script(response(200, "<html>", "text/html")))) == .refused)
        #expect(kind(etcd(Script(response(503)))) == .absent)
    }
}
