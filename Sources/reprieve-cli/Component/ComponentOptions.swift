// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveTransport

/// The options of every command that is a component.
struct ComponentOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The component's name (default: the name of its systemd service). In a systemd service"
                + " UNIT it becomes UNIT/NAME. A token in SVCUID takes precedence.",
            valueName: "name"
        ),
        completion: .components,
        transform: checkedClaim
    )
    var component: String?

    @Option(
        help: ArgumentHelp(
            "The broker's component socket (default: the value of"
                + " AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT, else"
                + " /run/reprieve/ipc.socket, for an ordinary user"
                + " $XDG_RUNTIME_DIR/reprieve/ipc.socket).",
            valueName: "path"
        ),
        completion: .file()
    )
    var componentSocket: String?

    var subscription: ComponentSubscription {
        let path = componentSocket ?? SocketPath.component
        return ComponentSubscription(path: path, name: component, handshakeTimeout: .seconds(5))
    }
}
