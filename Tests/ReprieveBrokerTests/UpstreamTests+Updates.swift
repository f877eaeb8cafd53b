// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

// Updates that the upstream makes itself.

private let camera = "com.example.Camera"

extension UpstreamTests {
    /// A subscribed component, and its connection to the nucleus.
    private mutating func subscribed() throws -> (client: PeerID, upstream: PeerID) {
        let (client, id) = try accepted()
        harness.ask(client, .subscribeToComponentUpdates, SubscribeRequest())
        harness.say(Message(.applicationMessage, stream: 1, payload: Array("{}".utf8)), from: id)
        _ = (harness.heard(by: client), harness.heard(byUpstream: id))
        return (client, id)
    }

    private mutating func announce(_ update: String, from upstream: PeerID) {
        let notice = PreUpdateEvent(deploymentID: update, disruption: .components)
        say(ComponentEvent.preUpdate(notice).encoded(), from: upstream)
    }

    private mutating func say(_ payload: [UInt8], from upstream: PeerID) {
        harness.say(Message(.applicationMessage, stream: 1, payload: payload), from: upstream)
    }

    private mutating func notices(to client: PeerID) -> [String] {
        harness.heard(by: client).compactMap(\.notice?.deploymentID)
    }

    private mutating func posts(to client: PeerID) -> [String] {
        harness.heard(by: client).compactMap(\.post?.deploymentID)
    }

    /// What the nucleus was answered: the update, and for how long it is deferred.
    private mutating func answers(to upstream: PeerID) throws -> [String] {
        try harness.heard(byUpstream: upstream).map { message in
            let answer = try DeferRequest(decoding: message.payload)
            return "\(answer.deploymentID) \(answer.recheckAfterMs ?? -1)"
        }
    }

    @Test mutating func `defers the nucleus's updates while one of ours waits or is under way`()
        throws
    {
        let (client, id) = try accepted()
        harness.ask(client, .subscribeToComponentUpdates, SubscribeRequest())
        let notice = ComponentEvent.preUpdate(
            PreUpdateEvent(deploymentID: "n-1", disruption: .components)
        )
        let event = Message(.applicationMessage, stream: 1, payload: notice.encoded())
        harness.say(event, from: id)
        let coordinator = harness.announce { $0.exclusive = false }
        harness.say(event, from: id)
        #expect(harness.heard(by: client).compactMap(\.notice?.deploymentID) == ["d-1", "n-1"])
        _ = (harness.announce("d-2"), harness.heard(byUpstream: id))
        harness.say(event, from: id)
        let answer = try #require(harness.heard(byUpstream: id).first)
        let deferral = try DeferRequest(decoding: answer.payload)
        #expect((deferral.deploymentID, deferral.recheckAfterMs) == ("n-1", 10_000))
        harness.say(Message(.applicationMessage, stream: answer.stream), from: id)
        #expect(harness.heard(by: client).compactMap(\.notice?.deploymentID) == ["d-2"])
        harness.ask(coordinator, .cancelUpdate, ReasonedRequest(deploymentID: "d-2", reason: ""))
        harness.say(event, from: id)
        #expect(harness.heard(by: client).compactMap(\.notice?.deploymentID) == ["n-1"])
    }

    @Test mutating func `does not let the nucleus go ahead while one of ours goes first`() throws {
        let (client, id) = try subscribed()
        announce("n-1", from: id)
        _ = harness.announce()
        #expect(notices(to: client) == ["n-1", "d-1"])
        for time in [0, 9_999, 10_000] as [Int64] { harness.answer(client, "n-1", time) }
        #expect(try answers(to: id) == ["n-1 10000", "n-1 10000", "n-1 10000"])
        harness.answer(client, "d-1", 0)
        harness.answer(client, "n-1", 0)
        #expect(try answers(to: id) == ["n-1 10000"])
        #expect(harness.heard(by: client).allSatisfy { $0.error == nil })
    }

    @Test(arguments: [#""recheckAfterMs": -1"#, #""recheckAfterMs": 0, "message": 7"#])
    mutating func `has an error for a wrong answer while one of ours goes first`(
        answer: String
    ) throws {
        let (client, id) = try subscribed()
        announce("n-1", from: id)
        _ = harness.announce()
        let payload = #"{"deploymentId": "n-1", \#(answer)}"#
        harness.ask(client, .deferComponentUpdate, payload: Array(payload.utf8))
        #expect(try answers(to: id) == [])
        #expect(harness.heard(by: client).compactMap(\.error).map(\.code) == [.invalidArguments])
    }

    @Test mutating func `is asked once about an update that waits here as well`() throws {
        let (client, id) = try subscribed()
        let coordinator = harness.announce()
        announce("d-1", from: id)
        #expect(notices(to: client) == ["d-1"])
        #expect(try answers(to: id) == ["d-1 10000"])
        harness.answer(client, "d-1", 0)
        #expect(harness.heard(by: coordinator).compactMap(\.gate).last?.isLast == true)
        // The nucleus makes it now, and has a say of its own.
        announce("d-1", from: id)
        #expect(notices(to: client) == ["d-1"])
        harness.answer(client, "d-1", 3_000)
        harness.answer(client, "d-1", 0)
        #expect(try answers(to: id) == ["d-1 3000", "d-1 0"])
        say(ComponentEvent.post("d-1"), from: id)
        #expect(posts(to: client) == [], "it is not over here")
        harness.ask(coordinator, .completeUpdate, CompleteRequest.applied("d-1"))
        #expect(posts(to: client) == ["d-1"])
    }

    @Test mutating func `answers both where the nucleus announced the update first`() throws {
        let (client, id) = try subscribed()
        announce("d-1", from: id)
        _ = harness.announce()
        harness.answer(client, "d-1", 60_000)
        #expect(try answers(to: id) == ["d-1 60000"])
        #expect(harness.broker.status(at: harness.now).updates.first?.blockedBy == [camera])
        harness.answer(client, "d-1", 0)
        #expect(try answers(to: id) == ["d-1 10000"])
        #expect(harness.broker.status(at: harness.now).updates.first?.state == .released)
    }

    @Test mutating func `answers the nucleus alone where ours does not ask it`() throws {
        let (client, id) = try subscribed()
        _ = harness.component("com.example.Arm")
        announce("d-1", from: id)
        _ = harness.announce { $0.components = ["com.example.Arm"] }
        for time in [0, 60_000] as [Int64] { harness.answer(client, "d-1", time) }
        #expect(try answers(to: id) == ["d-1 10000", "d-1 60000"])
        #expect(harness.heard(by: client).allSatisfy { $0.error == nil })
        say(ComponentEvent.post("d-1"), from: id)
        #expect(posts(to: client) == ["d-1"])
    }

    @Test mutating func `hears the end of an update of the nucleus's that is not ours`() throws {
        let (client, id) = try subscribed()
        announce("n-1", from: id)
        say(ComponentEvent.post("n-1"), from: id)
        #expect(posts(to: client) == ["n-1"])
    }

    @Test mutating func `is asked by the nucleus, whatever else its notice says`() throws {
        let (client, id) = try subscribed()
        let notice = #"{"preUpdateEvent": {"deploymentId": "n-1", "isGgcRestarting": "no"}}"#
        say(Array(notice.utf8), from: id)
        harness.answer(client, "n-1", 0)
        #expect(try answers(to: id) == ["n-1 0"])
        _ = harness.announce()
        say(Array(notice.utf8), from: id)
        #expect(try answers(to: id) == ["n-1 10000"])
    }

    @Test mutating func `has its long message cut, and a number for each stream`() throws {
        let (client, id) = try subscribed()
        announce("n-1", from: id)
        let message = String(repeating: "x", count: 11_000)
        let answer = DeferRequest(deploymentID: "n-1", recheckAfterMs: 5)
        let payload = #"{"deploymentId": "n-1", "recheckAfterMs": 5, "message": "\#(message)"}"#
        harness.ask(client, .deferComponentUpdate, payload: Array(payload.utf8))
        harness.ask(client, .deferComponentUpdate, answer)
        let heard = harness.heard(byUpstream: id)
        #expect(heard.map(\.stream) == [2, 3])
        let cut = try DeferRequest(decoding: try #require(heard.first).payload)
        #expect((cut.recheckAfterMs, cut.message?.utf8.count) == (5, Limits.text))
    }

    @Test mutating func `has an error for an answer that the nucleus would hang up on`() throws {
        let (client, id) = try subscribed()
        let update = String(repeating: "n", count: 10_000)
        announce(update, from: id)
        harness.answer(client, update, 5)
        let errors = harness.heard(by: client).compactMap(\.error)
        #expect(errors.map(\.code) == [.serviceError])
        #expect(try #require(errors.first).message.contains("takes no more than 10012"))
        announce("n-1", from: id)
        harness.answer(client, "n-1", 5)
        #expect(harness.heard(byUpstream: id).map(\.stream) == [2])
    }

    @Test mutating func `has no more answers open at the nucleus than other requests`() throws {
        let (client, id) = try subscribed()
        announce("n-1", from: id)
        for _ in 0..<Limits.forwardedStreams { harness.answer(client, "n-1", 5) }
        let errors = harness.heard(by: client).compactMap(\.error)
        #expect(errors.count == 1 && errors[0].message.contains("which is the maximum"))
        #expect(try answers(to: id).count == Limits.forwardedStreams - 1)
    }

    @Test mutating func `subscribes at the nucleus, whatever its own request says`() throws {
        let (client, id) = try accepted()
        let payload = #"{"x": "\#(String(repeating: "x", count: 11_000))"}"#
        harness.ask(client, .subscribeToComponentUpdates, payload: Array(payload.utf8))
        harness.ask(client, .updateState, Empty())
        #expect(harness.heard(byUpstream: id).map(\.stream) == [1, 2])
    }
}

extension ComponentEvent {
    fileprivate static func post(_ update: String) -> [UInt8] {
        ComponentEvent.postUpdate(PostUpdateEvent(deploymentID: update, outcome: nil)).encoded()
    }
}

extension CompleteRequest {
    fileprivate static func applied(_ update: String) -> CompleteRequest {
        CompleteRequest(deploymentID: update, outcome: .applied)
    }
}
