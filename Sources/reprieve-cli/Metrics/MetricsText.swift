// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// All metrics of a broker.
func text(_ metrics: MetricsShape, _ format: MetricFamily.Format) -> String {
    let families =
        componentFamilies(metrics) + updateFamilies(metrics) + momentFamilies(metrics)
        + upstreamFamilies(metrics.now?.upstream)
    let end = format == .openmetrics ? "# EOF\n" : ""
    return families.filter { !$0.samples.isEmpty }.map { $0.text(format) }.joined() + end
}

/// Stands for all components that have no row of their own. No component's name has it.
private let others = "*"

private func componentFamilies(_ metrics: MetricsShape) -> [MetricFamily] {
    var rows = metrics.components
    var rest = metrics.otherComponents
    rest.component = others
    rows.append(rest)
    func family(
        _ name: String,
        _ help: String,
        _ count: (ComponentMetricsShape) -> Int64
    ) -> MetricFamily {
        let samples = rows.map { row in
            sample(count(row), ("component", label(row.component)))
        }
        let name = "reprieve_component_" + name
        return MetricFamily(name: name, kind: .counter, help: help, samples: samples)
    }
    let blocked = rows.map { row in
        sample(seconds: row.blockedMs, ("component", label(row.component)))
    }
    let text = "Time for which a component blocked updates that are decided."
    return [
        MetricFamily(
            name: "reprieve_component_blocked_seconds",
            kind: .counter,
            help: text,
            samples: blocked
        ),
        family("deferrals", "Deferrals that a component was granted.", \.deferrals),
        family("silences", "Updates that were decided without an answer of it.", \.silences),
        family("caps", "Updates that it blocked for all the time that it may.", \.caps),
        family("overrides", "Updates that were decided though it wanted more time.", \.overrides),
        family("last_calls", "Updates of which it was told that its time ends.", \.lastCalls),
    ]
}

private func updateFamilies(_ metrics: MetricsShape) -> [MetricFamily] {
    [
        MetricFamily(
            name: "reprieve_update_wait_seconds",
            kind: .histogram,
            help: "How long updates waited until their gates opened, and how many there were.",
            samples: metrics.releases.flatMap(histogram)
        ),
        MetricFamily(
            name: "reprieve_updates_ended",
            kind: .counter,
            help: "Updates that are over.",
            samples: metrics.outcomes.map { sample($0.count, ("outcome", shown($0.name))) }
        ),
        MetricFamily(
            name: "reprieve_connections_accepted",
            kind: .counter,
            help: "Connections that were accepted.",
            samples: [sample(metrics.accepted)]
        ),
        MetricFamily(
            name: "reprieve_refusals",
            kind: .counter,
            help: "Connections that were not accepted or were closed, and requests that failed.",
            samples: metrics.refusals.map { sample($0.count, ("reason", shown($0.name))) }
        ),
    ] + fileFamilies(metrics)
}

private func fileFamilies(_ metrics: MetricsShape) -> [MetricFamily] {
    func samples(_ count: (FileMetricsShape) -> Int64) -> [MetricFamily.Sample] {
        metrics.files.map { sample(count($0), ("file", shown($0.file))) }
    }
    return [
        MetricFamily(
            name: "reprieve_file_appended_bytes",
            kind: .counter,
            help: "Bytes added to a file of the broker.",
            samples: samples(\.appendedBytes)
        ),
        MetricFamily(
            name: "reprieve_file_replacements",
            kind: .counter,
            help: "How often a file of the broker was replaced by a shorter one.",
            samples: samples(\.replacements)
        ),
        MetricFamily(
            name: "reprieve_file_write_failures",
            kind: .counter,
            help: "Writes to a file of the broker that failed.",
            samples: samples(\.failures)
        ),
    ]
}

private func momentFamilies(_ metrics: MetricsShape) -> [MetricFamily] {
    guard let now = metrics.now else { return [] }
    func gauge(
        _ name: String,
        _ help: String,
        _ samples: [MetricFamily.Sample]
    ) -> MetricFamily {
        let name = "reprieve_" + name
        return MetricFamily(name: name, kind: .gauge, help: help, samples: samples)
    }
    let deadline = now.deadlineInMs.map { [sample(seconds: $0)] } ?? []
    let wait = [sample(seconds: now.longestWaitMs)]
    return [
        gauge("updates_waiting", "Updates that wait at their gates.", [sample(now.waiting)]),
        gauge("updates_underway", "Updates that are under way.", [sample(now.underway)]),
        gauge("blockers", "Components that block updates.", [sample(now.blockers)]),
        gauge("longest_wait_seconds", "How long the oldest of them has waited.", wait),
        gauge("deadline_seconds", "The time to the next deadline.", deadline),
        gauge(
            "connections",
            "Connections that are open.",
            [
                sample(now.componentConnections, ("socket", "components")),
                sample(now.controlConnections, ("socket", "control")),
            ]
        ),
        gauge(
            "inhibitors",
            "Inhibitors of a shutdown that the broker holds, or has asked for.",
            [
                sample(now.delaysShutdown ? 1 : 0, ("mode", "delay")),
                sample(now.blocksShutdown ? 1 : 0, ("mode", "block")),
            ]
        ),
    ]
}

private func upstreamFamilies(_ upstream: UpstreamShape?) -> [MetricFamily] {
    guard let upstream else { return [] }
    func family(
        _ name: String,
        _ kind: MetricFamily.Kind,
        _ help: String,
        _ samples: [MetricFamily.Sample]
    ) -> MetricFamily {
        MetricFamily(name: "reprieve_upstream_" + name, kind: kind, help: help, samples: samples)
    }
    let states = UpstreamShape.State.allCases.map { state in
        sample(state == upstream.state ? 1 : 0, ("state", state.rawValue))
    }
    let (denied, ended) = (sample(upstream.refusals), sample(upstream.losses))
    return [
        family("state", .gauge, "How the upstream is: 1 at its state.", states),
        family("connections", .gauge, "Connections to it.", [sample(upstream.connections)]),
        family("refusals", .counter, "Clients denied because of it, since the start.", [denied]),
        family("losses", .counter, "Accepted connections that it ended, since the start.", [ended]),
    ]
}

private func histogram(_ release: ReleaseMetricsShape) -> [MetricFamily.Sample] {
    let basis = (name: "basis", value: shown(release.basis))
    let bounds = ReleaseMetricsShape.bounds.map { "\($0).0" } + ["+Inf"]
    var total: Int64 = 0
    var samples: [MetricFamily.Sample] = []
    for (bound, count) in zip(bounds, release.counts) {
        total += count
        let labels = [basis, (name: "le", value: bound)]
        samples.append(.init(suffix: "_bucket", labels: labels, value: String(total)))
    }
    let sum = secondsText(release.waitedMs)
    return samples + [
        .init(suffix: "_count", labels: [basis], value: String(total)),
        .init(suffix: "_sum", labels: [basis], value: sum),
    ]
}

private func sample(_ value: Int64, _ labels: (String, String)...) -> MetricFamily.Sample {
    MetricFamily.Sample(labels: labels.map { (name: $0.0, value: $0.1) }, value: String(value))
}

private func sample(
    seconds milliseconds: Int64,
    _ labels: (String, String)...
) -> MetricFamily.Sample {
    let labels = labels.map { (name: $0.0, value: $0.1) }
    return MetricFamily.Sample(labels: labels, value: secondsText(milliseconds))
}

/// "12.345"
private func secondsText(_ milliseconds: Int64) -> String {
    let rest = String(milliseconds % 1_000)
    return "\(milliseconds / 1_000)." + String(repeating: "0", count: 3 - rest.count) + rest
}

/// Whole: two that are cut alike would be one series.
private func label(_ name: String) -> String { printable(name.repaired, limit: .max) }
