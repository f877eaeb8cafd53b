// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveTransport
internal import Systemd

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks whether this device is set up well, and says what to do.",
        discussion: """
            It looks at the sockets and their modes, at the name that this process has as a \
            component and why, at logind's limit for shutdowns and the files that set it, at names \
            in units, rules and tokens that no component has, at the state directory and the \
            clock. Run it as root, who may read all of these. It changes nothing.
            """
    )

    @OptionGroup var broker: BrokerOptions
    @OptionGroup var component: ComponentOptions

    @Option(
        help: ArgumentHelp("The broker's state directory.", valueName: "directory"),
        completion: .directory
    )
    var stateDirectory = "/var/lib/reprieve"

    @Option(
        help: ArgumentHelp("The directory of the broker's configuration.", valueName: "directory"),
        completion: .directory
    )
    var configurationDirectory = "/etc/reprieve"

    @Option(
        help: ArgumentHelp(
            "Look at the files of a system that is mounted there, instead of those in /.",
            valueName: "directory"
        ),
        completion: .directory
    )
    var root = ""

    func run() async throws {
        let device = DeviceInspection(
            control: broker.control,
            componentSocket: component.componentSocket ?? SocketPath.component,
            claim: component.component,
            stateDirectory: stateDirectory,
            configurationDirectory: configurationDirectory,
            root: root
        )
        let findings = await device.findings()
        for line in findings.flatMap(\.lines) { OutputStream.standard.line(line) }
        let problems = findings.filter { $0.level == .problem }.count
        guard problems == 0 else {
            throw Failure(.needsAttention, "\(count(problems, "problem")) found")
        }
    }
}
