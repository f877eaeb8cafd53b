// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveTransport
internal import Systemd

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks whether this device is set up well, and says what to do.",
        discussion: """
            It looks at the sockets and their modes, at the name that this process has as a \
            component and why, at logind's limit for shutdowns and the files that set it, at names \
            in units, rules and tokens that no component has, at the configuration as reprieved \
            would read it now, at the state directory and the clock. Run it as root, who may read \
            all of these. It changes nothing.
            """
    )

    @OptionGroup var broker: BrokerOptions
    @OptionGroup var component: ComponentOptions

    @Option(
        help: ArgumentHelp(
            "The broker's state directory (default: /var/lib/reprieve, for the broker of an"
                + " ordinary user $XDG_STATE_HOME/reprieve or ~/.local/state/reprieve).",
            valueName: "directory"
        ),
        completion: .directory,
        transform: checkedPath
    )
    var stateDirectory: String?

    @Option(
        help: ArgumentHelp(
            "The directory of the broker's configuration (default: /etc/reprieve, for the broker"
                + " of an ordinary user $XDG_CONFIG_HOME/reprieve or ~/.config/reprieve).",
            valueName: "directory"
        ),
        completion: .directory,
        transform: checkedPath
    )
    var configurationDirectory: String?

    @Option(
        help: ArgumentHelp(
            "Look at the files of a system that is mounted there, instead of those in /. Groups"
                + " and paths that its configuration names are still looked up in this one. The"
                + " directories above it count, too: they must be root's, or this user's.",
            valueName: "directory"
        ),
        completion: .directory,
        transform: checkedPath
    )
    var root: String?

    func run() async throws {
        if let root, !File.isDirectory(root) {
            throw Failure(.fileError, "there is no directory \(root) (--root)")
        }
        let places = defaultDirectories
        let device = DeviceInspection(
            control: broker.control,
            componentSocket: component.componentSocket ?? SocketPath.component,
            claim: component.component,
            stateDirectory: stateDirectory ?? places.state,
            configurationDirectory: configurationDirectory ?? places.configuration,
            root: root ?? ""
        )
        let findings = await device.findings()
        for line in findings.flatMap(\.lines) { OutputStream.standard.line(line) }
        let problems = findings.filter { $0.level == .problem }.count
        guard problems == 0 else {
            throw Failure(.needsAttention, "\(count(problems, "problem")) found")
        }
    }

    /// Those of the broker at the control socket: an ordinary user may check the system's, too.
    private var defaultDirectories: (state: String, configuration: String) {
        broker.control.path.hasPrefix(SystemDirectories.runtime + "/")
            ? (SystemDirectories.state, SystemDirectories.configuration)
            : (OwnDirectories.state, OwnDirectories.configuration)
    }
}
