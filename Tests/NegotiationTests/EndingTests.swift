// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// How an update ends, and which components are told.
@Suite("The end of an update") struct EndingTests {
    @Test func `is told to each live subscription of everyone that was told of the update`() {
        let rehearsal = released()
        rehearsal.subscribe("camera#2", "door")
        rehearsal.complete()
        #expect(
            rehearsal.read() == """
                0 s  operator ← done
                0 s  camera ← post d-1 applied
                0 s  camera#2 ← post d-1 applied
                """
        )
    }

    @Test func `is owed to whoever is not there, and comes before any new notice`() {
        let rehearsal = released()
        rehearsal.hangUp("camera")
        rehearsal.complete("d-1", .rolledBack)
        rehearsal.announce("d-2", policy: Policy(require: ["till"]))
        rehearsal.skip()
        rehearsal.subscribe("camera", "camera#2")
        #expect(
            rehearsal.read() == """
                0 s  camera ← post d-1 rolledBack
                0 s  camera ← notice d-2 round 1, respond by 60 s
                0 s  camera#2 ← notice d-2 round 1, respond by 60 s
                """
        )
    }

    @Test func `is not told to whoever came too late to be told of the update`() {
        let rehearsal = Rehearsal()
        rehearsal.announce(policy: Policy(require: ["till"], onAbsence: .proceed))
        rehearsal.wait(.seconds(60))
        rehearsal.subscribe("till")
        rehearsal.skip()
        rehearsal.complete()
        #expect(rehearsal.read() == "60 s  operator ← done")
    }

    @Test(arguments: [(-1, "86399.999 s  camera ← post d-1 applied"), (0, "")])
    func `is owed for a day, no longer`(milliseconds: Int, transcript: String) {
        let rehearsal = released()
        rehearsal.hangUp("camera")
        rehearsal.complete()
        rehearsal.skip()
        rehearsal.wait(.seconds(24 * 3_600) + .milliseconds(milliseconds))
        rehearsal.subscribe("camera")
        #expect(rehearsal.read() == transcript)
    }

    @Test func `is owed no more once its id is announced again`() {
        let rehearsal = released()
        rehearsal.hangUp("camera")
        rehearsal.complete()
        rehearsal.announce()
        rehearsal.skip()
        rehearsal.subscribe("camera")
        #expect(rehearsal.read().isEmpty)
    }

    @Test func `is owed to a limited number, of the newest first`() {
        var settings = Settings()
        settings.maximumOwedPosts = 1
        settings.maximumOwedComponents = 1
        let rehearsal = Rehearsal(settings: settings)
        rehearsal.subscribe("arm", "camera")
        for id in ["d-1", "d-2"] {
            rehearsal.announce(id)
            rehearsal.answer("arm", to: id)
            rehearsal.answer("camera", to: id)
        }
        rehearsal.hangUp("arm")
        rehearsal.hangUp("camera")
        rehearsal.complete("d-1")
        rehearsal.complete("d-2")
        rehearsal.skip()
        rehearsal.subscribe("arm", "camera")
        #expect(rehearsal.read() == "0 s  arm ← post d-2 applied")
    }

    @Test func `is unknown when nobody completed it within a day`() {
        let rehearsal = released()
        rehearsal.wait(.seconds(24 * 3_600) - .milliseconds(1))
        #expect(rehearsal.read().isEmpty)
        rehearsal.wait(.milliseconds(1))
        #expect(rehearsal.read() == "24 h  camera ← post d-1 unknown")
        rehearsal.complete()
        #expect(rehearsal.read() == "24 h  operator ← failed: already unknown")
    }

    @Test func `cannot come by completion before release, nor of an unknown id`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.skip()
        rehearsal.complete()
        rehearsal.complete("d-9")
        #expect(
            rehearsal.read() == """
                0 s  operator ← failed: not released
                0 s  operator ← failed: unknown
                """
        )
    }

    @Test func `by completion may be said twice, with the same outcome`() {
        let rehearsal = released()
        rehearsal.complete()
        rehearsal.complete()
        rehearsal.complete("d-1", .failed)
        rehearsal.cancel()
        #expect(
            rehearsal.read() == """
                0 s  operator ← done
                0 s  camera ← post d-1 applied
                0 s  operator ← done
                0 s  operator ← failed: already applied
                0 s  operator ← failed: already applied
                """
        )
    }

    @Test func `by cancellation may be said twice, and is told once`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera", "arm")
        rehearsal.announce()
        rehearsal.skip()
        rehearsal.cancel()
        rehearsal.cancel()
        rehearsal.complete()
        #expect(
            rehearsal.read() == """
                0 s  operator ← done
                0 s  nucleus ← cancelled d-1: not today
                0 s  arm ← post d-1 cancelled
                0 s  camera ← post d-1 cancelled
                0 s  operator ← done
                0 s  operator ← failed: already cancelled
                """
        )
    }

    @Test func `cannot come by cancellation after release, nor of an unknown id`() {
        let rehearsal = released()
        rehearsal.cancel()
        rehearsal.cancel("d-9")
        #expect(
            rehearsal.read() == """
                0 s  operator ← failed: released already
                0 s  operator ← failed: unknown
                """
        )
    }

    @Test func `is remembered for a limited number of updates`() {
        var settings = Settings()
        settings.maximumEnded = 1
        let rehearsal = Rehearsal(settings: settings)
        for id in ["d-1", "d-2"] {
            rehearsal.announce(id)
            rehearsal.complete(id)
        }
        rehearsal.skip()
        rehearsal.complete("d-1")
        rehearsal.complete("d-2")
        #expect(rehearsal.read() == "0 s  operator ← failed: unknown\n0 s  operator ← done")
    }

    @Test func `is forgotten once the id is announced again`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.cancel()
        rehearsal.announce()
        rehearsal.skip()
        rehearsal.complete()
        #expect(rehearsal.read() == "0 s  operator ← failed: not released")
    }

    @Test func `by refusal tells all who were asked`() {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("arm", "camera")
        rehearsal.announce(policy: Policy(onSilence: .refuse))
        rehearsal.answer("arm")
        rehearsal.skip()
        rehearsal.hangUp("camera")
        rehearsal.wait(.seconds(5))
        #expect(
            rehearsal.read() == """
                5 s  nucleus ← refused d-1: no answer from camera
                5 s  arm ← post d-1 cancelled
                """
        )
    }

    private func released() -> Rehearsal {
        let rehearsal = Rehearsal()
        rehearsal.subscribe("camera")
        rehearsal.announce()
        rehearsal.answer("camera")
        rehearsal.skip()
        return rehearsal
    }
}
