// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Tokens

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Issues, lists and revokes the tokens that identify components.",
        discussion: """
            A component sends its token as `authToken`, which AWS's SDKs take from the \
            environment variable SVCUID. The file holds only a digest of each token. If it is a \
            symbolic link, the file that the link leads to is replaced. The broker \
            reads the file when it starts, and again at SIGHUP: systemctl reload reprieved.
            """
    )

    @Argument(help: "Issue a new token for this component, and print it.", transform: checkedName)
    var name: String?

    @Flag(help: "List the components that have tokens, with the first digits of each digest.")
    var list = false

    @Option(
        help: ArgumentHelp("Revoke all tokens of this component.", valueName: "name"),
        transform: checkedName
    )
    var revoke: String?

    @Option(
        help: ArgumentHelp(
            "The tokens file (default: /etc/reprieve/tokens, for an ordinary user"
                + " ~/.config/reprieve/tokens). If the daemon reads another configuration"
                + " file, it takes the tokens file in the directory of that file.",
            valueName: "path"
        )
    )
    var tokens: String?

    func validate() throws {
        let asked = [name != nil, list, revoke != nil].filter { $0 }.count
        guard asked == 1 else {
            throw ValidationError("give exactly one of NAME, --list and --revoke")
        }
    }

    func run() throws {
        let file = TokenFile(path: tokens ?? TokenFile.defaultPath)
        if list {
            for entry in try file.read().entries {
                let digits = entry.digest.hexadecimal.prefix(8)
                OutputStream.standard.line("\(entry.component) \(digits)")
            }
        } else if let name {
            // The system's generator is getrandom(2).
            let token = Token(random: (0..<Token.length).map { _ in UInt8.random(in: 0...255) })
            try file.change { $0.issue(token, to: name) }
            OutputStream.standard.line(token.text)
        } else if let revoke {
            try file.change { list in
                guard list.revoke(revoke) > 0 else {
                    throw Failure(.unknown, "\(revoke) has no token")
                }
            }
        }
    }
}
