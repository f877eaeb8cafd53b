// SPDX-License-Identifier: Apache-2.0

internal import FleetModel
internal import Permit
internal import Reprieve

/// One simulated roll-out.
struct Scenario {
    let name: String
    var isDrawn = false
    var settings = FleetSettings()

    init(_ name: String, devices: Int, slots: Int, _ edit: (inout FleetSettings) -> Void = { _ in })
    {
        self.name = name
        settings.devices = devices
        settings.slots = slots
        edit(&settings)
    }

    static func all(devices: Int) -> [Scenario] {
        var all: [Scenario] = []
        for slots in [devices / 50, devices / 20, devices / 10] {
            var scenario = Scenario("K = \(slots)", devices: devices, slots: slots)
            scenario.isDrawn = true
            all.append(scenario)
        }
        func add(_ name: String, drawn: Bool = false, _ edit: (inout FleetSettings) -> Void) {
            let slots = devices / 20
            var scenario = Scenario("K = \(slots), \(name)", devices: devices, slots: slots, edit)
            scenario.isDrawn = drawn
            all.append(scenario)
        }
        add("`Retry=5m`") { $0.policy.retry = .seconds(300) }
        add("announced within 1 h") { $0.announcedWithin = .seconds(3_600) }
        add("5 % of replies lost") { $0.lost = 0.05 }
        add("server away from 30 to 60 min", drawn: true) {
            $0.outages = [.seconds(1_800)..<(.seconds(3_600))]
        }
        add("all fail") { $0.outcome = { _, _, _ in .failed } }
        add("10 % fail", drawn: true) {
            $0.outcome = { _, _, dice in dice < 0.1 ? .failed : .applied }
        }
        add("all fail, given back") {
            $0.outcome = { _, _, _ in .failed }
            $0.policy.afterFailure = .giveBack
        }
        return all
    }

    static let head = [
        "| Fleet | Updated | Failed | Whole time | Updates an hour | Longest wait |"
            + " Requests a second: mean, most |",
        "|---|---|---|---|---|---|---|",
    ]

    func row(_ report: FleetReport) -> String {
        let end = report.releases.last ?? .zero
        let rate = { "\(Int(Double(report.releases.count) / (end / .seconds(3_600))))" }
        // The mean of the time in which updates go ahead; those that are stuck ask for ever.
        let seconds = min(max(1, Int(end.components.seconds)), report.requestsAt.count)
        let mean = Double(report.requestsAt.prefix(seconds).reduce(0, +)) / Double(seconds)
        let cells = [
            name, "\(report.outcomes["applied"] ?? 0)", "\(report.outcomes["failed"] ?? 0)",
            shown(end), end < .seconds(60) ? "–" : rate(), shown(report.longestWait),
            "\(Int(mean.rounded())), \(report.requestsAt.max() ?? 0)",
        ]
        return "| \(cells.joined(separator: " | ")) |"
    }

    private func shown(_ time: Duration) -> String {
        let minutes = Int((time / .seconds(60)).rounded())
        return minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
    }
}
