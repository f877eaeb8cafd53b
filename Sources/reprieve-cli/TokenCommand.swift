// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Tokens

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Issues the tokens by which components are known.",
        discussion: """
            A component sends its token as `authToken`, which AWS's SDKs take from the \
            environment variable SVCUID. Only a digest of it is kept. The broker reads the \
            file at its start, and again at SIGHUP: systemctl reload reprieved.
            """
    )

    @Argument(help: "Print a new token for this component.", transform: checkedName)
    var name: String?

    @Flag(help: "List who has tokens, and the first digits of their SHA-256.")
    var list = false

    @Option(help: "Revoke all tokens of a component.", transform: checkedName)
    var revoke: String?

    @Option(
        help: ArgumentHelp(
            "The tokens file (default: /etc/reprieve/tokens, for an ordinary user"
                + " ~/.config/reprieve/tokens).",
            valueName: "path"
        )
    )
    var tokens: String?

    func validate() throws {
        let asked = [name != nil, list, revoke != nil].filter { $0 }.count
        guard asked == 1 else {
            throw ValidationError("give a component's name, --list, or --revoke")
        }
    }

    func run() throws {
        let file = TokenFile(path: tokens ?? TokenFile.defaultPath)
        if list {
            for entry in try file.read().entries {
                let digits = entry.digest.hexadecimal.prefix(8)
                Output.standard.line("\(entry.component) \(digits)")
            }
        } else if let name {
            // The system's generator is getrandom(2).
            let token = Token(random: (0..<Token.length).map { _ in UInt8.random(in: 0...255) })
            try file.change { $0.issue(token, to: name) }
            Output.standard.line(token.text)
        } else if let revoke {
            let count = try file.change { $0.revoke(revoke) }
            guard count > 0 else { throw Failure(Exit.usage, "\(revoke) has no token") }
        }
    }
}
