// SPDX-License-Identifier: Apache-2.0

import FleetModel
import Permit
import Reprieve
import Testing

/// The program, or its device, is killed before each action of a history in turn.
@Suite("A kill at any point") struct KillPointTests {
    struct History: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var settings = FleetSettings()

        init(_ name: String, _ edit: (inout FleetSettings) -> Void) {
            testDescription = name
            settings.devices = 3
            settings.slots = 1
            settings.announcedWithin = .seconds(5)
            settings.policy.hasHealthCommand = true
            edit(&settings)
        }
    }

    static let histories = [
        History("three devices, one slot") { _ in },
        History("another component defers twice") { $0.postponements = 2 },
        History("the update reboots the device") { $0.reboots = true },
        History("the update is cancelled") { $0.outcome = { _, _, _ in .cancelled } },
        History("every fourth reply is lost") { $0.lost = 0.25 },
        History("the server is away for a while") { $0.outages = [.seconds(2)..<(.seconds(500))] },
        History("one update fails") {
            $0.outcome = { device, _, _ in device == 0 ? .failed : .applied }
        },
        History("a bad update follows a good one") {
            ($0.devices, $0.updates) = (1, 2)
            $0.outcome = { _, number, _ in number == 2 ? .failed : .applied }
        },
        History("a good update follows a bad one") {
            ($0.devices, $0.updates) = (1, 2)
            $0.outcome = { _, number, _ in number == 1 ? .failed : .applied }
        },
        History("a cancelled update follows a bad one") {
            ($0.devices, $0.updates) = (1, 2)
            $0.outcome = { _, number, _ in number == 1 ? .failed : .cancelled }
        },
    ]

    @Test(arguments: histories)
    func `of the program loses no slot and gives none away`(history: History) {
        explore(history.settings)
    }

    /// Without the history in which two devices ask in vain to its end, which takes long.
    @Test(arguments: histories.filter { $0.testDescription != "one update fails" })
    func `of the device loses no slot and gives none away`(history: History) {
        var settings = history.settings
        settings.killsDevice = true
        explore(settings)
        settings.forgetsWaiting = true
        explore(settings)
    }

    private func explore(_ settings: FleetSettings) {
        var settings = settings
        let whole = run(settings, "no kill").report.actions
        #expect(whole > 10)
        for point in 1...whole {
            settings.killBefore = point
            run(settings, "kill before action \(point)")
        }
    }

    @discardableResult
    private func run(_ settings: FleetSettings, _ name: String) -> Fleet {
        var fleet = Fleet(settings)
        fleet.run(until: .seconds(6_000))
        let breaches = fleet.report.breaches
        #expect(breaches.isEmpty, "\(name): \(breaches.first ?? "")")
        #expect(fleet.report.mostHolders <= settings.slots)
        // A slot that is held says why. Behind one that is kept the others wait.
        for holder in fleet.holders {
            #expect(fleet.record(of: holder)?.kept != nil, "\(name): device \(holder) holds")
        }
        if fleet.holders.isEmpty {
            for device in 0..<settings.devices {
                #expect(fleet.isOver(device), "\(name): \(fleet.summary(of: device))")
            }
        }
        return fleet
    }
}
