// SPDX-License-Identifier: Apache-2.0

/// A metric with all its samples, as monitoring systems read it.
struct MetricFamily {
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    /// The two spellings of the same: they differ in the names of counters.
    enum Format: String, CaseIterable {
        case openmetrics
        case prometheus
    }

    struct Sample {
        var suffix = ""
        var labels: [(name: String, value: String)] = []
        var value: String
    }

    /// Without the suffix of its samples. Ends with the unit, if there is one.
    var name: String
    var kind: Kind
    var help: String
    var samples: [Sample]

    private var unit: String? { ["seconds", "bytes"].first { name.hasSuffix("_" + $0) } }

    func text(_ format: Format) -> String {
        let suffix = kind == .counter ? "_total" : ""
        // Prometheus' own format names a counter as its samples are named.
        let family = format == .prometheus ? name + suffix : name
        var lines = ["# TYPE \(family) \(kind.rawValue)"]
        if let unit, format == .openmetrics { lines.append("# UNIT \(family) \(unit)") }
        lines.append("# HELP \(family) \(help)")
        lines += samples.map { name + suffix + $0.suffix + $0.labelText + " " + $0.value }
        return lines.map { $0 + "\n" }.joined()
    }
}

extension MetricFamily.Sample {
    fileprivate var labelText: String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.map { "\($0.name)=\"\(escaped($0.value))\"" }
        return "{" + pairs.joined(separator: ",") + "}"
    }
}

private func escaped(_ value: String) -> String {
    value.map { character in
        switch character {
        case "\\": "\\\\"
        case "\"": "\\\""
        case "\n": "\\n"
        default: String(character)
        }
    }.joined()
}
