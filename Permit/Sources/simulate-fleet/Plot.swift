// SPDX-License-Identifier: Apache-2.0

/// Draws how many devices have been released when, as SVG.
struct Plot {
    private let curves: [(name: String, releases: [Duration])]
    private let devices: Int
    private let width = 640.0
    private let height = 300.0
    private let margin = 60.0
    private let colours = [
        "#1b6ca8", "#2a9d5c", "#b5542c", "#6a4c93", "#888888", "#c02942", "#00798c",
    ]

    init(_ curves: [(name: String, releases: [Duration])], devices: Int) {
        (self.curves, self.devices) = (curves, devices)
    }

    private var end: Duration {
        max(.seconds(60), curves.compactMap(\.releases.last).max() ?? .zero)
    }

    private func x(_ time: Duration) -> Double { margin + width * (time / end) }

    private func y(_ count: Int) -> Double {
        20 + height * (1 - Double(count) / Double(devices))
    }

    var svg: String {
        let size = (width + margin + 20, height + 60 + 18 * Double(curves.count))
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(size.0) \(size.1)\""
                + " font-family=\"sans-serif\" font-size=\"12\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
        ]
        lines += axes
        for (index, curve) in curves.enumerated() { lines += drawn(curve, index) }
        return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    private var axes: [String] {
        let bottom = 20 + height
        var lines = [
            "<path d=\"M\(margin) 20V\(bottom)H\(margin + width)\" fill=\"none\" stroke=\"black\"/>"
        ]
        for part in 0...4 {
            let count = devices * part / 4
            lines.append(
                "<text x=\"\(margin - 6)\" y=\"\(y(count) + 4)\" text-anchor=\"end\">"
                    + "\(count)</text>"
            )
        }
        let step = max(1, Int(end / .seconds(3_600)) / 8)
        for hour in stride(from: 0, through: Int(end / .seconds(3_600)), by: step) {
            let place = x(.seconds(3_600 * hour))
            lines.append(
                "<text x=\"\(place)\" y=\"\(bottom + 18)\" text-anchor=\"middle\">\(hour) h</text>"
            )
        }
        return lines
    }

    private func drawn(_ curve: (name: String, releases: [Duration]), _ index: Int) -> [String] {
        let colour = colours[index % colours.count]
        let step = max(1, curve.releases.count / 100)
        var points = stride(from: 0, to: curve.releases.count, by: step).map {
            point(curve.releases[$0], $0 + 1)
        }
        if let last = curve.releases.last { points.append(point(last, curve.releases.count)) }
        points.append(point(end, curve.releases.count))
        let place = 60 + height + 18 * Double(index)
        let path = points.joined(separator: " ")
        return [
            "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.5\""
                + " points=\"\(path)\"/>",
            "<path d=\"M\(margin) \(place)h24\" stroke=\"\(colour)\" stroke-width=\"3\"/>",
            "<text x=\"\(margin + 32)\" y=\"\(place + 4)\">"
                + "\(curve.name.filter { $0 != "`" })</text>",
        ]
    }

    private func point(_ time: Duration, _ count: Int) -> String {
        func short(_ value: Double) -> String { String(Double(Int(value * 10)) / 10) }
        return "\(short(x(time))),\(short(y(count)))"
    }
}
