// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator

/// The options of every command that uses the control socket.
struct BrokerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The broker's control socket (default: /run/reprieve/control.socket, for an ordinary"
                + " user $XDG_RUNTIME_DIR/reprieve/control.socket).",
            valueName: "path"
        ),
        completion: .file()
    )
    var controlSocket: String?

    var control: ControlClient { ControlClient(path: controlSocket) }
}
