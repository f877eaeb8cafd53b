// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

@Suite("The metrics") struct MetricsTests {
    private var harness = BrokerHarness()

    private mutating func metrics() throws -> MetricsShape {
        let peer = harness.operatorAtControl()
        _ = harness.heard(by: peer)
        harness.ask(peer, .getMetrics, Empty())
        let answer = harness.heard(by: peer).first?.response(as: MetricsShape.self)
        return try #require(answer)
    }

    private mutating func release(deferring milliseconds: Int64 = 5_000) -> PeerID {
        let camera = harness.component("com.example.Camera")
        let coordinator = harness.announce()
        harness.answer(camera, "d-1", milliseconds)
        harness.pass(.seconds(2))
        harness.answer(camera, "d-1", 0)
        return coordinator
    }

    @Test mutating func `count what a component did when the gate opens, and not before`() throws {
        let camera = harness.component("com.example.Camera")
        _ = harness.announce()
        harness.answer(camera, "d-1", 5_000)
        var counted = try metrics()
        #expect(counted.components.isEmpty)
        #expect(counted.now?.blockers == 1 && counted.now?.waiting == 1)
        harness.pass(.seconds(2))
        harness.answer(camera, "d-1", 0)
        counted = try metrics()
        #expect(counted.components.map(\.component) == ["com.example.Camera"])
        #expect(counted.components[0].blockedMs == 2_000)
        #expect(counted.components[0].deferrals == 1)
        #expect(counted.releases.map(\.basis) == ["consent"])
        #expect(counted.releases[0].counts == [0, 1, 0, 0, 0, 0, 0, 0])
        #expect(counted.releases[0].waitedMs == 2_000)
        #expect(counted.now?.underway == 1 && counted.now?.waiting == 0)
    }

    @Test mutating func `count a cap, a last call and an override`() throws {
        harness.adopt { $0.policy.maxTotalDefer = .seconds(10) }
        let camera = harness.component("com.example.Camera")
        _ = harness.announce()
        harness.answer(camera, "d-1", 60_000)
        harness.pass(.seconds(11))
        let row = try #require(try metrics().components.first)
        #expect(row.caps == 1 && row.overrides == 1 && row.lastCalls == 1 && row.silences == 0)
        #expect(row.blockedMs == 10_000)
    }

    @Test mutating func `add up what happened in several updates`() throws {
        harness.adopt { $0.policy.maxTotalDefer = .seconds(10) }
        let camera = harness.component("com.example.Camera")
        _ = harness.component("com.example.Robot")
        for id in ["d-1", "d-2"] {
            let coordinator = harness.announce(id)
            harness.answer(camera, id, 60_000)
            harness.pass(.seconds(11))
            let end = CompleteRequest(deploymentID: id, outcome: .applied)
            harness.ask(coordinator, .completeUpdate, end)
            // Between two looks the counts are added to what was counted before.
            _ = try metrics()
        }
        let counted = try metrics()
        let (row, silent) = (counted.components[0], counted.components[1])
        #expect([row.deferrals, row.caps, row.overrides, row.lastCalls] == [2, 2, 2, 2])
        #expect(row.blockedMs == 20_000)
        #expect(silent.silences == 2 && row.silences == 0)
        #expect(counted.outcomes == [CountShape("applied", 2)])
        #expect(counted.releases.map(\.waitedMs) == [20_000])
    }

    @Test mutating func `add up what is written, replaced, and not written`() throws {
        var before = FileMetricsShape(file: "journal")
        let camera = harness.component("com.example.Camera")
        for turn in 1...2 {
            _ = harness.announce("d-\(turn)")
            harness.host.failingFiles = [.journal]
            harness.answer(camera, "d-\(turn)", 1_000)
            harness.host.failingFiles = []
            harness.pass(.seconds(5))
            let file = try #require(try metrics().files.first { $0.file == "journal" })
            #expect(file.appendedBytes > before.appendedBytes)
            #expect(file.replacements > before.replacements)
            #expect(file.failures == before.failures + 1)
            before = file
        }
    }

    @Test mutating func `count an update once that is released and then over`() throws {
        let coordinator = release()
        let end = CompleteRequest(deploymentID: "d-1", outcome: .failed)
        harness.ask(coordinator, .completeUpdate, end)
        let counted = try metrics()
        #expect(counted.components[0].deferrals == 1)
        #expect(counted.outcomes == [CountShape("failed", 1)])
    }

    @Test mutating func `count an update that never was released`() throws {
        let camera = harness.component("com.example.Camera")
        let coordinator = harness.announce()
        harness.answer(camera, "d-1", 5_000)
        let end = ReasonedRequest(deploymentID: "d-1", reason: "no")
        harness.ask(coordinator, .cancelUpdate, end)
        let counted = try metrics()
        #expect(counted.components[0].deferrals == 1 && counted.releases.isEmpty)
        #expect(counted.outcomes == [CountShape("cancelled", 1)])
    }

    @Test(arguments: [false, true])
    mutating func `outlive the broker, also a reboot`(reboots: Bool) throws {
        _ = release()
        if reboots { harness.reboot() } else { harness.restart() }
        var counted = try metrics()
        #expect(counted.components.map(\.deferrals) == [1])
        #expect(counted.releases.map(\.counts) == [[0, 1, 0, 0, 0, 0, 0, 0]])
        // What is under way is not counted again.
        counted = try metrics()
        #expect(counted.components.map(\.deferrals) == [1])
        try expectNoMore(than: counted)
    }

    /// The end of the update adds its outcome alone.
    private mutating func expectNoMore(than counted: MetricsShape) throws {
        let end = CompleteRequest(deploymentID: "d-1", outcome: .applied)
        harness.ask(harness.operatorAtControl(), .completeUpdate, end)
        for _ in 1...2 {
            let ended = try metrics()
            #expect(ended.components == counted.components)
            #expect(ended.releases == counted.releases)
            #expect(ended.outcomes == [CountShape("applied", 1)])
            harness.restart()
        }
    }

    @Test mutating func `are written at an orderly end, too`() throws {
        _ = harness.component("com.example.Camera")
        _ = harness.component("com.example.Robot")
        harness.reboot(isOrderly: true)
        #expect(try metrics().accepted >= 3)
    }

    @Test mutating func `have a row for 64 components, those that blocked longest`() throws {
        let first = (0..<64).map { harness.component("a.c\($0)") }
        let last = harness.component("b.busy")
        _ = harness.announce()
        for peer in first + [last] { harness.answer(peer, "d-1", 60_000) }
        for peer in first { harness.answer(peer, "d-1", 0) }
        harness.pass(.seconds(2))
        harness.answer(last, "d-1", 0)
        let counted = try metrics()
        #expect(counted.components.count == 64)
        #expect(counted.components.last?.component == "b.busy")
        let all = counted.components + [counted.otherComponents]
        #expect(all.reduce(0) { $0 + $1.deferrals } == 65)
    }

    @Test mutating func `have a row for a component beside many of one unit`() throws {
        let peers = (0..<100).map { harness.component("c\($0)", ofUser: 99) }
        let camera = harness.component("com.example.Camera")
        _ = harness.announce()
        for peer in peers { harness.answer(peer, "d-1", 60_000) }
        harness.answer(camera, "d-1", 0)
        harness.pass(.seconds(2))
        for peer in peers { harness.answer(peer, "d-1", 0) }
        let counted = try metrics()
        #expect(counted.components.count == 64)
        #expect(counted.components.contains { $0.component == "com.example.Camera" })
    }

    @Test mutating func `count refusals by their reasons, however few are logged`() throws {
        for _ in 0..<3 { _ = harness.connect("no-name", at: .components, user: 99) }
        #expect(try metrics().refusals == [CountShape("denied", 3)])
        let camera = harness.component("com.example.Camera")
        for _ in 0..<2 { harness.answer(camera, "unknown", 0) }
        #expect(try metrics().refusals == [CountShape("denied", 3), CountShape("request", 2)])
    }

    @Test mutating func `of a file that cannot be read begin again`() throws {
        harness.forge(state: [1, 2, 3])
        harness.restart()
        #expect(try metrics().components.isEmpty)
    }
}
