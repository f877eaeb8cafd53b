// SPDX-License-Identifier: Apache-2.0

import FleetModel
import Permit
import Reprieve
import Testing

@Suite("A fleet") struct FleetTests {
    private func run(_ edit: (inout FleetSettings) -> Void) -> FleetReport {
        var settings = FleetSettings()
        (settings.devices, settings.slots) = (40, 4)
        edit(&settings)
        var fleet = Fleet(settings)
        fleet.run(until: .seconds(12 * 3_600))
        #expect(fleet.report.breaches == [])
        #expect(fleet.report.mostHolders <= settings.slots)
        return fleet.report
    }

    @Test func `is updated as fast as its slots allow`() {
        let report = run { _ in }
        #expect(report.outcomes == ["applied": 40])
        // Ten turns of 6 minutes, each with a wait for the first that asks.
        let end = report.releases.last ?? .zero
        #expect(end >= .seconds(9 * 360) && end <= .seconds(10 * 420))
    }

    @Test func `asks no more often than the pause between requests allows`() {
        let report = run { $0.slots = 1 }
        let busiest = report.requestsAt.prefix(3_600).reduce(0, +)
        #expect(busiest <= 40 * 3_600 / 30 + 100)
        #expect(report.requestsAt.max() ?? 0 <= 15)
    }

    @Test func `gets no further with a bad update than it has slots`() {
        let report = run { $0.outcome = { _, _, _ in .failed } }
        #expect(report.outcomes == ["failed": 4])
    }

    @Test func `gets all of a bad update where failures give back`() {
        var settings = FleetSettings()
        (settings.devices, settings.slots) = (20, 4)
        settings.outcome = { _, _, _ in .rolledBack }
        settings.policy.afterFailure = .giveBack
        var model = Fleet(settings)
        model.run(until: .seconds(12 * 3_600))
        #expect(model.report.outcomes == ["rolledBack": 20])
    }

    @Test func `goes on after its server was away, and with a part of the replies lost`() {
        let report = run {
            $0.lost = 0.2
            $0.outages = [.seconds(100)..<(.seconds(2_000))]
        }
        #expect(report.outcomes == ["applied": 40])
    }
}
