// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveProtocol
internal import ReprieveTransport

/// What every command takes that is a component.
struct ComponentOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The component's name; in a systemd service UNIT it becomes UNIT/NAME (default:"
                + " the service's own; a token in SVCUID goes before both).",
            valueName: "name"
        ),
        transform: checkedClaim
    )
    var component: String?

    @Option(
        help: ArgumentHelp(
            "The broker's component socket (default: where"
                + " AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT says, else"
                + " /run/reprieve/ipc.socket, for an ordinary user"
                + " $XDG_RUNTIME_DIR/reprieve/ipc.socket).",
            valueName: "path"
        )
    )
    var componentSocket: String?

    var link: ComponentLink {
        ComponentLink(path: componentSocket ?? SocketPath.component, name: component)
    }
}

private func checkedClaim(_ name: String) throws -> String {
    guard isClaim(name) else {
        throw ValidationError("\(quoted(name)) cannot be a component's name")
    }
    return name
}
