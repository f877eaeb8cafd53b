// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// What is reported for log, history and metrics. Every other test, too, compares what is reported
/// with what has happened.
@Suite("A decision") struct DecisionTests {
    @Test func `is reported once, however many coordinators hear of it`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.announce(by: "nucleus#2")
        rehearsal.answer("camera", .seconds(30), message: "recording")
        rehearsal.answer("camera")
        rehearsal.announce(by: "nucleus#3")
        rehearsal.complete()
        rehearsal.complete()
        #expect(
            rehearsal.decided == [
                "announced d-1", "camera deferred d-1 by 30 s", "released d-1 on consent",
                "ended d-1: completed",
            ]
        )
    }

    @Test func `is none where a request is refused`() {
        var settings = Settings()
        settings.maximumUpdates = 1
        let rehearsal = Rehearsal(settings: settings)
        rehearsal.announce("d-1", policy: Policy(require: ["till"]))
        rehearsal.announce("d-1", asSent: [1])
        rehearsal.announce("d-2")
        rehearsal.force("d-2")
        rehearsal.answer("camera", .seconds(1))
        #expect(rehearsal.decided == ["announced d-1"])
    }

    @Test func `to force is reported for an update that waits, and for no other`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.leave()
        rehearsal.force()
        #expect(rehearsal.decided == ["announced d-1", "forced d-1"])
        rehearsal.announce()
        rehearsal.force()
        #expect(rehearsal.decided.dropFirst(2) == ["released d-1 on forced"])
    }

    @Test func `that an update is announced and refused at once is two decisions`() {
        let rehearsal = Rehearsal()
        rehearsal.announce(policy: Policy(deadline: .zero, onSilence: .refuse, require: ["till"]))
        #expect(rehearsal.decided == ["announced d-1", "ended d-1: refused"])
    }

    @Test func `of a release has its participants, that of an end the update as it was`() throws {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce()
        rehearsal.answer("arm")
        rehearsal.wait(.seconds(60))
        rehearsal.complete()
        guard case .released(let released)? = rehearsal.decisions.dropFirst().first,
            case .ended(let update, let end)? = rehearsal.decisions.last
        else { throw Missing() }
        #expect(released.release?.silent == ["camera"])
        #expect(update.release == released.release)
        #expect(end.at == rehearsal.now)
    }

    private struct Missing: Error {}
}

extension Rehearsal {
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
