// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol

/// What every command takes.
struct BrokerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The broker's control socket (default: /run/reprieve/control.socket, for an ordinary"
                + " user $XDG_RUNTIME_DIR/reprieve/control.socket).",
            valueName: "path"
        )
    )
    var controlSocket: String?

    var control: Control { Control(path: controlSocket) }
}

/// An update's id, as the first argument.
func checkedDeploymentID(_ id: String) throws -> String {
    guard 1...Limits.deploymentID ~= id.utf8.count else {
        throw ValidationError("an update's id has 1 to \(Limits.deploymentID) bytes")
    }
    return id
}

func checkedName(_ name: String) throws -> String {
    guard isComponentName(name) else {
        throw ValidationError("\(quoted(name)) cannot be a component's name")
    }
    return name
}

func checkedText(_ text: String) throws -> String {
    guard !text.isEmpty else { throw ValidationError("it must say something") }
    return text
}
