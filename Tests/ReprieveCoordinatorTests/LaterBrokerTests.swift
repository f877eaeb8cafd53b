// SPDX-License-Identifier: Apache-2.0

import ReprieveCoordinator
import ReprieveProtocol
import ScriptedBroker
import Testing

/// Opens a gate with events as a later broker might send them.
private func broker(sending events: [String], response: String? = nil) -> ScriptedBroker {
    ScriptedBroker { connection, event in
        switch event {
        case .connect: return connection.accept()
        case .request(let stream, .gateUpdate, _):
            let payload = response.map { Array($0.utf8) } ?? announced.encoded()
            var bytes = connection.respond(stream, payload)
            for (index, event) in events.enumerated() {
                let isLast = index == events.count - 1
                bytes += connection.send(stream, Array(event.utf8), isLast: isLast)
            }
            return bytes
        case .request(let stream, _, _): return connection.respond(stream, Empty().encoded())
        default: return []
        }
    }
}

@Suite("A later broker", .timeLimit(.minutes(5))) struct LaterBrokerTests {
    private let opened =
        #"{"released":{"deploymentId":"d-1","basis":"consent","waitedMs":5,"participants":["a"]}}"#

    private func release(
        _ events: [String],
        response: String? = nil,
        progress: (GateProgress) async -> Void = { _ in }
    ) async throws -> Release? {
        let broker = broker(sending: events, response: response)
        defer { broker.stop() }
        var seen: Release?
        let update = Update("d-1")
        try await withGate(for: update, controlSocket: broker.path, progress: progress) { release in
            seen = release
            return .applied
        }
        return seen
    }

    @Test func `may release on a basis that is not known here`() async throws {
        let release = try await release([
            #"{"released":{"deploymentId":"d-1","basis":"moonlight","silent":["b"]}}"#
        ])
        #expect(release?.basis == .unknown)
        #expect(release?.silent == ["b"])
    }

    @Test func `may have states that are not known here`() async throws {
        var blockers: [[String]] = []
        let progress = #"""
            {"progress":{"deploymentId":"d-1","state":"dreaming","blockedBy":["a"],
            "participants":[{"component":"a","state":"pondering","untilMs":5,"mood":{"is":"low"}}]}}
            """#
        let release = try await release([progress, opened]) {
            blockers.append($0.blockers.map(\.component))
        }
        #expect(blockers == [["a"]])
        #expect(release?.basis == .consent)
    }

    @Test(arguments: [
        #"{"future":{}}"#, #"{}"#, #"{"future":[{"progress":null}]}"#,
        #"{"progress":{"participants":7}}"#,
        #"{"progress":{"deploymentId":"d-1","state":"waiting","later":[1,{}]},"also":true}"#,
    ])
    func `may send events and members that are not known here`(event: String) async throws {
        let response = #"{"deploymentId":"d-1","participants":["a"],"round":7,"later":{"x":[]}}"#
        #expect(try await release([event, opened], response: response)?.participants == ["a"])
    }

    @Test(arguments: [
        #"{"superseded":{"by":"d-2"}}"#,
        #"{"released":{"deploymentId":"d-1","basis":{"is":"consent"}}}"#,
    ])
    func `whose last event cannot be read opens no gate and is not asked again`(
        event: String
    ) async {
        let broker = broker(sending: [event])
        let error = await #expect(throws: GateError.self) {
            try await withGate(for: Update("d-1"), controlSocket: broker.path) { _ in
                Issue.record("it ran")
                return .applied
            }
        }
        #expect(error?.code == .notABroker)
        #expect(error?.message.contains("this version does not know") == true)
        broker.stop()
        var announcements = 0
        for await event in broker.heard {
            if case .request(_, .gateUpdate, _) = event { announcements += 1 }
        }
        #expect(announcements == 1)
    }

    @Test func `may answer with an error that is not known here`() async {
        let error = GateError(
            ErrorShape(decoding: Array(#"{"_errorCode":"Later"}"#.utf8), model: nil)
        )
        #expect(error.code == .rejected)
        #expect(error.message == "Later")
    }
}
