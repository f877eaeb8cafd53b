// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

/// How an update ends, and which components are told.
@Suite("The end of an update") struct EndingTests {
    @Test func `is told to each live subscription of everyone that was told of the update`() {
        let harness = released()
        harness.subscribe("camera#2", "door")
        harness.complete()
        #expect(
            harness.read() == """
                0 s  operator ← done
                0 s  camera ← post d-1 applied
                0 s  camera#2 ← post d-1 applied
                """
        )
    }

    @Test func `is owed to a component that is not there, and comes before any new notice`() {
        let harness = released()
        harness.hangUp("camera")
        harness.complete("d-1", .rolledBack)
        harness.announce("d-2", policy: Policy(require: ["till"]))
        harness.skip()
        harness.subscribe("camera", "camera#2")
        #expect(
            harness.read() == """
                0 s  camera ← post d-1 rolledBack
                0 s  camera ← notice d-2 round 1, respond by 60 s
                0 s  camera#2 ← notice d-2 round 1, respond by 60 s
                """
        )
    }

    @Test func `is not told to whoever came too late to be told of the update`() {
        let harness = NegotiationHarness()
        harness.announce(policy: Policy(require: ["till"], onAbsence: .proceed))
        harness.wait(.seconds(60))
        harness.subscribe("till")
        harness.skip()
        harness.complete()
        #expect(harness.read() == "60 s  operator ← done")
    }

    @Test(arguments: [(-1, "86399.999 s  camera ← post d-1 applied"), (0, "")])
    func `is owed for a day, no longer`(milliseconds: Int, transcript: String) {
        let harness = released()
        harness.hangUp("camera")
        harness.complete()
        harness.skip()
        harness.wait(.seconds(24 * 3_600) + .milliseconds(milliseconds))
        harness.subscribe("camera")
        #expect(harness.read() == transcript)
    }

    @Test func `is owed no more once its id is announced again`() {
        let harness = released()
        harness.hangUp("camera")
        harness.complete()
        harness.announce()
        harness.skip()
        harness.subscribe("camera")
        #expect(harness.read().isEmpty)
    }

    @Test func `is owed to a limited number, of the newest first`() {
        var settings = Settings()
        settings.maximumOwedPosts = 1
        settings.maximumOwedComponents = 1
        let harness = NegotiationHarness(settings: settings)
        harness.subscribe("arm", "camera")
        for id in ["d-1", "d-2"] {
            harness.announce(id)
        }
        harness.hangUp("arm")
        harness.hangUp("camera")
        harness.cancel("d-1")
        harness.cancel("d-2")
        harness.skip()
        harness.subscribe("arm", "camera")
        #expect(harness.read() == "0 s  arm ← post d-2 cancelled")
    }

    @Test func `is unknown when nobody completed it within a day`() {
        let harness = released()
        harness.wait(.seconds(24 * 3_600) - .milliseconds(1))
        #expect(harness.read().isEmpty)
        harness.wait(.milliseconds(1))
        #expect(harness.read() == "24 h  camera ← post d-1 unknown")
        harness.complete()
        #expect(harness.read() == "24 h  operator ← failed: already unknown")
    }

    @Test func `cannot come by completion before release, nor of an unknown id`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.skip()
        harness.complete()
        harness.complete("d-9")
        #expect(
            harness.read() == """
                0 s  operator ← failed: not released
                0 s  operator ← failed: unknown
                """
        )
    }

    @Test func `by completion may be said twice, with the same outcome`() {
        let harness = released()
        harness.complete()
        harness.complete()
        harness.complete("d-1", .failed)
        harness.cancel()
        #expect(
            harness.read() == """
                0 s  operator ← done
                0 s  camera ← post d-1 applied
                0 s  operator ← done
                0 s  operator ← failed: already applied
                0 s  operator ← failed: already applied
                """
        )
    }

    @Test func `by cancellation may be said twice, and is told once`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera", "arm")
        harness.announce()
        harness.skip()
        harness.cancel()
        harness.cancel()
        harness.complete()
        #expect(
            harness.read() == """
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
        let harness = released()
        harness.cancel()
        harness.cancel("d-9")
        #expect(
            harness.read() == """
                0 s  operator ← failed: released already
                0 s  operator ← failed: unknown
                """
        )
    }

    @Test func `is remembered for a limited number of updates`() {
        var settings = Settings()
        settings.maximumEnded = 1
        let harness = NegotiationHarness(settings: settings)
        for id in ["d-1", "d-2"] {
            harness.announce(id)
            harness.complete(id)
        }
        harness.skip()
        harness.complete("d-1")
        harness.complete("d-2")
        #expect(harness.read() == "0 s  operator ← failed: unknown\n0 s  operator ← done")
    }

    @Test func `is forgotten once the id is announced again`() {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.cancel()
        harness.announce()
        harness.skip()
        harness.complete()
        #expect(harness.read() == "0 s  operator ← failed: not released")
    }

    @Test func `by refusal tells all who were asked`() {
        let harness = NegotiationHarness()
        harness.subscribe("arm", "camera")
        harness.announce(policy: Policy(onSilence: .refuse))
        harness.answer("arm")
        harness.skip()
        harness.hangUp("camera")
        harness.wait(.seconds(5))
        #expect(
            harness.read() == """
                5 s  nucleus ← refused d-1: no answer from camera
                5 s  arm ← post d-1 cancelled
                """
        )
    }

    private func released() -> NegotiationHarness {
        let harness = NegotiationHarness()
        harness.subscribe("camera")
        harness.announce()
        harness.answer("camera")
        harness.skip()
        return harness
    }
}
