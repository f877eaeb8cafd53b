// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import Testing

@testable import reprieve_cli

private let metrics: MetricsShape = {
    var metrics = MetricsShape()
    var camera = ComponentMetricsShape()
    camera.component = "com.example.Camera"
    camera.blockedMs = 2_050
    camera.deferrals = 3
    metrics.components = [camera]
    var consent = ReleaseMetricsShape(basis: "consent")
    consent.counts = [2, 1, 0, 0, 0, 0, 0, 1]
    consent.waitedMs = 90_001_500
    metrics.releases = [consent]
    metrics.outcomes = [CountShape("applied", 4)]
    metrics.accepted = 9
    metrics.refusals = [CountShape("denied", 2)]
    metrics.files = [FileMetricsShape(file: "state")]
    metrics.now = MomentShape()
    metrics.now?.waiting = 1
    metrics.now?.deadlineInMs = 5_000
    return metrics
}()

private func lines(_ format: MetricFamily.Format = .openmetrics) -> [Substring] {
    text(metrics, format).split(separator: "\n")
}

@Suite("The text of the metrics") struct MetricsTextTests {
    @Test func `has a row for each component, and one for all others`() {
        let shown = lines()
        #expect(shown.contains("# TYPE reprieve_component_blocked_seconds counter"))
        #expect(shown.contains("# UNIT reprieve_component_blocked_seconds seconds"))
        let name = #"reprieve_component_blocked_seconds_total{component="com.example.Camera"}"#
        #expect(shown.contains("\(name) 2.050"))
        #expect(shown.contains(#"reprieve_component_deferrals_total{component="*"} 0"#))
        #expect(shown.last == "# EOF")
    }

    @Test func `has a series for each name, however long`() {
        let start = "com.example." + String(repeating: "a", count: 90)
        var metrics = MetricsShape()
        metrics.components = [".one", ".two"].map { end in
            var component = ComponentMetricsShape()
            component.component = start + end
            return component
        }
        let series = text(metrics, .openmetrics).split(separator: "\n")
            .compactMap { $0.split(separator: " ").first }
            .filter { $0.hasPrefix("reprieve_component_blocked_seconds_total") }
        #expect(series.count == 3 && Set(series).count == 3)
    }

    @Test func `has histograms whose buckets add up`() {
        let buckets = lines().filter { $0.hasPrefix("reprieve_update_wait_seconds_bucket") }
        let counts = buckets.compactMap { $0.split(separator: " ").last }
        #expect(counts == ["2", "3", "3", "3", "3", "3", "3", "4"])
        #expect(buckets.first?.contains(#"{basis="consent",le="1.0"}"#) == true)
        #expect(buckets.last?.contains(#"le="+Inf""#) == true)
        #expect(lines().contains(#"reprieve_update_wait_seconds_sum{basis="consent"} 90001.500"#))
    }

    @Test func `says how the upstream is`() {
        var beside = metrics
        beside.now?.upstream = UpstreamShape(
            socket: "/run/nucleus",
            state: .lost,
            message: "it hung up",
            connections: 2,
            losses: 3
        )
        let shown = text(beside, .openmetrics).split(separator: "\n")
        #expect(shown.contains(#"reprieve_upstream_state{state="lost"} 1"#))
        #expect(shown.contains(#"reprieve_upstream_state{state="serving"} 0"#))
        #expect(shown.contains("reprieve_upstream_connections 2"))
        #expect(shown.contains("reprieve_upstream_losses_total 3"))
        #expect(!lines().contains { $0.contains("upstream") })
    }

    @Test func `omits what there is none of`() {
        var idle = MetricsShape()
        idle.now = MomentShape()
        let shown = text(idle, .openmetrics)
        #expect(!shown.contains("reprieve_deadline_seconds"))
        #expect(!shown.contains("reprieve_update_wait_seconds"))
        #expect(shown.contains("reprieve_updates_waiting 0"))
    }

    @Test func `names counters as Prometheus does where that is asked for`() {
        let shown = lines(.prometheus)
        #expect(shown.contains("# TYPE reprieve_refusals_total counter"))
        #expect(shown.contains(#"reprieve_refusals_total{reason="denied"} 2"#))
        #expect(shown.allSatisfy { !$0.hasPrefix("# UNIT") && $0 != "# EOF" })
    }

    @Test func `escapes labels`() {
        var odd = MetricsShape()
        odd.outcomes = [CountShape(#"a"b\c"#, 1)]
        #expect(text(odd, .openmetrics).contains(#"{outcome="a\"b\\c"} 1"#))
    }
}
