// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import EventStream
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

/// Between the release of an update and its end.
@Suite("A decision without an outcome yet") struct OpenDecisionTests {
    private var harness = BrokerHarness()

    init() { harness.wallClockAtBoot = .seconds(1_700_000_000) }

    private mutating func decisions() -> [DecisionShape] {
        let peer = harness.operatorAtControl()
        _ = harness.heard(by: peer)
        harness.ask(peer, .getHistory, HistoryRequest())
        let answer = harness.heard(by: peer).first?.response(as: HistoryShape.self)
        return answer?.decisions ?? []
    }

    /// An update that a component held back for a while.
    private mutating func release() {
        let camera = harness.component("com.example.Camera")
        _ = harness.announce()
        harness.answer(camera, "d-1", 30_000, message: "recording")
        harness.pass(.seconds(20))
        harness.answer(camera, "d-1", 0, message: "saved")
        harness.pass(.seconds(5))
    }

    private mutating func complete(_ id: String = "d-1") {
        let done = CompleteRequest(deploymentID: id, outcome: .applied)
        harness.ask(harness.operatorAtControl(), .completeUpdate, done)
    }

    /// Another boot begins, at another time.
    private mutating func reboot(isOrderly: Bool) {
        harness.wallClockAtBoot += .seconds(5_000)
        harness.reboot(isOrderly: isOrderly)
    }

    private static let releasedAtMs: Int64 = (1_700_000_000 + 1_000 + 20) * 1_000

    /// What the open decision says is the same at the end, with the outcome.
    private mutating func expectEnd(of open: [DecisionShape], endedAtMs: Int64) throws {
        complete()
        var expected = try #require(open.first)
        expected.outcome = .applied
        expected.endedAtMs = endedAtMs
        #expect(decisions() == [expected])
        harness.restart()
        #expect(decisions() == [expected])
    }

    @Test mutating func `is shown at once`() throws {
        release()
        let told = try #require(decisions().first)
        #expect(told.releasedAtMs == Self.releasedAtMs && told.waitedMs == 20_000)
        #expect(told.announcedAtMs == Self.releasedAtMs - 20_000)
        #expect(told.outcome == nil && told.endedAtMs == nil)
        let participant = try #require(told.participants.first)
        #expect(participant.sinceAtMs == Self.releasedAtMs)
        #expect(participant.blockedMs == 20_000 && participant.message == "saved")
        #expect(participant.lastDeferral?.message == "recording")
    }

    @Test mutating func `is the same after a death of the broker`() throws {
        release()
        let open = decisions()
        harness.restart()
        #expect(decisions() == open)
        try expectEnd(of: open, endedAtMs: Self.releasedAtMs + 5_000)
    }

    /// Who was told of an override by its instants would be told once more.
    @Test(arguments: [[], [StoredFile.state], [.journal]])
    mutating func `does not change when the clock is set`(lost: [StoredFile]) throws {
        release()
        let open = decisions()
        harness.wallClockAtBoot += .seconds(3_600)
        #expect(decisions() == open)
        if lost == [.state] { harness.forge(state: []) }
        if lost == [.journal] { harness.forge(journal: []) }
        harness.restart()
        #expect(decisions() == open)
        try expectEnd(of: open, endedAtMs: Self.releasedAtMs + 3_600_000 + 5_000)
    }

    @Test(arguments: [1, 2], [false, true])
    mutating func `has the times of the boot that released it`(boots: Int, isOrderly: Bool) throws {
        release()
        let open = decisions()
        for _ in 0..<boots {
            reboot(isOrderly: isOrderly)
            harness.pass(.seconds(10))
            harness.restart()
            #expect(decisions() == open)
        }
        let now = 1_700_000_000 + 5_000 * Int64(boots) + 5 + 10
        try expectEnd(of: open, endedAtMs: now * 1_000)
    }

    @Test mutating func `has them also where the state cannot be written in the next boot`() throws
    {
        release()
        let (open, state) = (decisions(), harness.state)
        reboot(isOrderly: false)
        harness.pass(.seconds(10))
        harness.forge(state: state)
        harness.host.failingFiles = [.state]
        try expectEnd(of: open, endedAtMs: (1_700_000_000 + 5_000 + 5 + 10) * 1_000)
    }

    @Test(arguments: [false, true])
    mutating func `is read as an earlier version wrote it`(reboots: Bool) throws {
        release()
        let open = decisions()
        let decision = try #require(open.first).encoded()
        var (frames, bytes): (FrameSearch, [UInt8]) = (FrameSearch(harness.state), [])
        while var frame = frames.next() {
            frame.headers.removeAll { $0.name == "booted" }
            if frame.int32("page") != nil {
                bytes += Frame(headers: [Header("decision", .int32(7))], payload: decision)
                    .encoded()
            }
            bytes += frame.encoded()
        }
        harness.forge(state: bytes)
        if reboots { reboot(isOrderly: false) } else { harness.restart() }
        #expect(decisions() == open)
        complete()
        #expect(decisions().map(\.releasedAtMs) == [Self.releasedAtMs])
        #expect(decisions().map(\.outcome) == [.applied])
    }

    @Test mutating func `is written down only with its outcome`() {
        release()
        let frames = count("decision", in: harness.journal + harness.state)
        #expect(frames == 0)
        complete()
        #expect(count("decision", in: harness.state) == 1)
    }

    private func count(_ name: String, in bytes: [UInt8]) -> Int {
        var (search, count) = (FrameSearch(bytes), 0)
        while let frame = search.next() { count += frame.int32(name) == nil ? 0 : 1 }
        return count
    }

    @Test mutating func `comes first, and counts for the limits of the history`() {
        harness = BrokerHarness { $0.history.maximumDecisions = 3 }
        for number in 1...5 { _ = harness.announce("d-\(number)") { $0.exclusive = false } }
        complete("d-2")
        #expect(decisions().map(\.deploymentID) == ["d-5", "d-4", "d-3"])
        for number in 3...5 { complete("d-\(number)") }
        #expect(decisions().map(\.deploymentID) == ["d-1", "d-5", "d-4"])
    }
}
