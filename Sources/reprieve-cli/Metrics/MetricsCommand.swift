// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import Systemd

struct MetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Prints numbers for monitoring: OpenMetrics text.",
        discussion: """
            For node_exporter, which reads files `*.prom` in its directory, in the format of \
            Prometheus:

              reprieve metrics --format prometheus \\
                  --output /var/lib/prometheus/node-exporter/reprieve.prom

            `reprieve-metrics.timer`, which is not enabled, does that each minute. Updates are \
            counted when their gates open, or when they end without that. The counts outlive a \
            restart of the broker. At most \(Limits.countedComponents) components have a row of \
            their own, those that blocked longest; component="*" is the sum of all others.
            """
    )

    @OptionGroup var broker: BrokerOptions

    @Option(help: "The format.")
    var format = MetricFamily.Format.openmetrics

    @Option(
        help: ArgumentHelp(
            "Put the text in the place of this file, as a whole, for every user to read.",
            valueName: "path"
        ),
        completion: .file(),
        transform: checkedPath
    )
    var output: String?

    func run() async throws {
        let text = text(try await broker.control.metrics(), format)
        guard let output else { return OutputStream.standard.write(text) }
        try File.replacePublic(File.target(of: output), with: Array(text.utf8))
    }
}

extension MetricFamily.Format: WordArgument {}
