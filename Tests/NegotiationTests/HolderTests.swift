// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

@Suite("An update whose holder has left") struct HolderTests {
    private let harness = NegotiationHarness()

    private func waits(after time: Duration) -> Bool {
        harness.wait(time)
        return harness.status("d-1") != nil
    }

    @Test func `is over after five minutes`() {
        harness.announce("d-1")
        harness.announce("d-2", by: "apt")
        #expect(waits(after: .seconds(3_600)))
        harness.leave()
        #expect(waits(after: .seconds(299)))
        #expect(harness.blockers("d-2") == ["update d-1"])
        #expect(!waits(after: .seconds(1)))
        #expect(!harness.isWaiting("d-2"))
    }

    @Test func `goes on when another coordinator attaches`() {
        harness.announce("d-1")
        harness.leave()
        harness.wait(.seconds(299))
        harness.announce("d-1", by: "again")
        #expect(waits(after: .seconds(3_600)))
    }

    @Test func `has its five minutes awake`() {
        harness.announce("d-1")
        harness.leave()
        harness.suspend(.seconds(1_000))
        #expect(waits(after: .seconds(299)))
        #expect(!waits(after: .seconds(1)))
    }

    @Test func `has them once more after a death of the broker`() {
        harness.announce("d-1")
        harness.wait(.seconds(1_000))
        harness.restart()
        #expect(waits(after: .seconds(299)))
        #expect(!waits(after: .seconds(1)))
    }

    @Test(arguments: [true, false])
    func `has a day where the outcome comes later`(stopsNucleus: Bool) {
        harness.announce("d-1", disruption: stopsNucleus ? .nucleus : .components) {
            $0.completesLater = !stopsNucleus
        }
        harness.leave()
        #expect(waits(after: .seconds(24 * 3_600 - 1)))
        #expect(!waits(after: .seconds(1)))
    }

    @Test func `has a day where it makes no other wait`() {
        harness.announce("d-1") { $0.isExclusive = false }
        harness.leave()
        #expect(waits(after: .seconds(24 * 3_600 - 1)))
        #expect(!waits(after: .seconds(1)))
    }
}
