// SPDX-License-Identifier: Apache-2.0
//
// Simulates a fleet against one semaphore, in virtual time.
//
//     simulate-fleet DIRECTORY [DEVICES]    writes simulation.md and simulation.svg there
//
// There are 10,000 devices by default, which takes minutes.

internal import FleetModel
internal import Glibc
internal import Permit
internal import Reprieve

let arguments = CommandLine.arguments.dropFirst()
guard let directory = arguments.first,
    let devices = arguments.dropFirst().first.map({ Int($0) }) ?? 10_000
else {
    print("Usage: simulate-fleet DIRECTORY [DEVICES]")
    exit(64)
}

func write(_ text: String, to name: String) {
    guard let file = fopen("\(directory)/\(name)", "w") else { fatalError("cannot write \(name)") }
    fputs(text, file)
    fclose(file)
}

/// Until nothing was released for an hour: no slot will be free any more, and the rest would ask
/// for ever.
func run(_ fleet: inout Fleet) {
    var (hour, quietHours, released) = (0, 0, -1)
    while quietHours < 1, hour < 30 * 24 {
        hour += 1
        fleet.run(until: .seconds(3_600 * hour))
        quietHours = fleet.report.releases.count == released ? quietHours + 1 : 0
        released = fleet.report.releases.count
    }
}

let scenarios = Scenario.all(devices: devices)
var rows: [String] = []
var curves: [(name: String, releases: [Duration])] = []
for scenario in scenarios {
    var fleet = Fleet(scenario.settings)
    run(&fleet)
    precondition(fleet.report.mostHolders <= scenario.settings.slots, "more holders than slots")
    rows.append(scenario.row(fleet.report))
    if scenario.isDrawn { curves.append((scenario.name, fleet.report.releases)) }
    print(scenario.row(fleet.report))
}
write((Scenario.head + rows).joined(separator: "\n") + "\n", to: "simulation.md")
write(Plot(curves, devices: scenarios[0].settings.devices).svg, to: "simulation.svg")
