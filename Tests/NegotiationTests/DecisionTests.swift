// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// What is reported for log, history and metrics. Every other test, too, compares what is reported
/// with what has happened.
@Suite("A decision") struct DecisionTests {
    @Test func `is reported once, however many coordinators hear of it`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.announce(by: "nucleus#2")
        harness.answer("camera", .seconds(30), message: "recording")
        harness.answer("camera")
        harness.announce(by: "nucleus#3")
        harness.complete()
        harness.complete()
        #expect(
            harness.decided == [
                "announced d-1", "camera deferred d-1 by 30 s", "released d-1 on consent",
                "ended d-1: completed",
            ]
        )
    }

    @Test func `is none where a request is refused`() {
        var settings = Settings()
        settings.maximumUpdates = 1
        let harness = NegotiationHarness(settings: settings)
        harness.announce("d-1", policy: Policy(require: ["till"]))
        harness.announce("d-1", asSent: [1])
        harness.announce("d-2")
        harness.force("d-2")
        harness.answer("camera", .seconds(1))
        #expect(harness.decided == ["announced d-1"])
    }

    @Test func `to force is reported for an update that waits, and for no other`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.leave()
        harness.force()
        #expect(harness.decided == ["announced d-1", "forced d-1"])
        harness.announce()
        harness.force()
        #expect(harness.decided.dropFirst(2) == ["released d-1 on forced"])
    }

    @Test func `that an update is announced and refused at once is two decisions`() {
        let harness = NegotiationHarness()
        harness.announce(policy: Policy(deadline: .zero, onSilence: .refuse, require: ["till"]))
        #expect(harness.decided == ["announced d-1", "ended d-1: refused"])
    }

    @Test func `of a release has its participants, that of an end the update as it was`() throws {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce()
        harness.answer("arm")
        harness.wait(.seconds(60))
        harness.complete()
        guard case .released(let released)? = harness.decisions.dropFirst().first,
            case .ended(let update, let end)? = harness.decisions.last
        else { throw Missing() }
        #expect(released.release?.silent == ["camera"])
        #expect(update.release == released.release)
        #expect(end.at == harness.now)
    }

    private struct Missing: Error {}
}

extension NegotiationHarness {
    fileprivate var decided: [String] {
        decisions.map { decision in
            switch decision {
            case .announced(let id): "announced \(id)"
            case .deferred(let answer, let grant):
                "\(answer.component) deferred \(answer.deploymentID) by \(grant.granted.spelled)"
            case .forced(let id, _): "forced \(id)"
            case .released(let update):
                "released \(update.id) on \(update.opening?.basis ?? .unknown)"
            case .ended(let update, let end): "ended \(update.id): \(end.ending.word)"
            }
        }
    }
}

extension Update.Ending {
    fileprivate var word: String {
        switch self {
        case .completed: "completed"
        case .cancelled: "cancelled"
        case .refused: "refused"
        case .unknown: "unknown"
        }
    }
}
