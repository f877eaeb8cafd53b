// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import Tokens

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Issues, lists and revokes the tokens that identify components.",
        discussion: """
            A component sends its token as `authToken`, which AWS's SDKs take from the \
            environment variable SVCUID. The file holds only a digest of each token. If it is a \
            symbolic link, the file that the link leads to is replaced. The broker \
            reads the file again after each change, and this command says whether it has. A \
            component can have several tokens: issue a new one, hand it out, and revoke the old \
            one by its digits.
            """
    )

    @OptionGroup var broker: BrokerOptions

    @Argument(
        help: "Issue a new token for this component, and print it.",
        completion: .components,
        transform: checkedName
    )
    var name: String?

    @Flag(help: "List the components that have tokens, with the first digits of each digest.")
    var list = false

    @Option(
        help: ArgumentHelp("Revoke all tokens of this component.", valueName: "name"),
        completion: .components,
        transform: checkedName
    )
    var revoke: String?

    @Option(
        help: "With --revoke: revoke only the token whose digest begins with these digits.",
        transform: checkedDigits
    )
    var digits: String?

    @Option(
        help: ArgumentHelp(
            "The tokens file (default: /etc/reprieve/tokens, for an ordinary user"
                + " $XDG_CONFIG_HOME/reprieve/tokens or ~/.config/reprieve/tokens). If the daemon"
                + " reads another configuration file, it takes the tokens file in the directory of"
                + " that file.",
            valueName: "path"
        ),
        completion: .file(),
        transform: checkedPath
    )
    var tokens: String?

    func validate() throws {
        let asked = [name != nil, list, revoke != nil].filter { $0 }.count
        guard asked == 1 else {
            throw ValidationError("give exactly one of NAME, --list and --revoke")
        }
        guard digits == nil || revoke != nil else {
            throw ValidationError("--digits requires --revoke")
        }
    }

    func run() async throws {
        let file = TokenFile(path: tokens ?? TokenFile.defaultPath)
        if list {
            for entry in try file.read().entries {
                OutputStream.standard.line("\(entry.component) \(entry.digits)")
            }
        } else if let name {
            try await issue(to: name, in: file)
        } else if let revoke {
            try await withdraw(from: revoke, in: file)
        }
    }

    private func issue(to name: String, in file: TokenFile) async throws {
        // The system's generator is getrandom(2).
        let token = Token(random: (0..<Token.length).map { _ in UInt8.random(in: 0...255) })
        let list = try file.change { list in
            list.issue(token, to: name)
            return list
        }
        // To end here, at a pipe that is not read, would leave the token valid.
        signal(SIGPIPE, SIG_IGN)
        do {
            OutputStream.standard.line(token.text)
            try OutputStream.standard.check()
        } catch let failure as Failure {
            try takeBack(list.entries.last, in: file, after: failure)
        }
        let number = count(list.entries(of: name).count, "token")
        let digits = list.entries.last?.digits ?? ""
        let text = "issued the token \(digits); \(name) has \(number)"
        try await broker.control.report(text, of: list, in: file)
    }

    /// Nobody has seen the token, which must not be valid then.
    private func takeBack(
        _ entry: TokenList.Entry?,
        in file: TokenFile,
        after failure: Failure
    ) throws {
        let entries = entry.map { [$0] } ?? []
        do {
            try file.change { $0.revoke(entries) }
        } catch {
            let reason = Failure(error).map { ": " + $0.message } ?? ""
            let digits = entries.map(\.digits).joined()
            throw failure.adding("the token \(digits) is valid all the same, revoke it" + reason)
        }
        throw failure.adding("no token was issued")
    }

    private func withdraw(from name: String, in file: TokenFile) async throws {
        let (revoked, list) = try file.change { list in
            let revoked = try list.revocable(from: name, digits: digits)
            list.revoke(revoked)
            return (revoked, list)
        }
        let which = revoked.map(\.digits).joined(separator: ", ")
        let number = count(list.entries(of: name).count, "token")
        let text = "revoked \(count(revoked.count, "token")), \(which); \(name) has \(number)"
        try await broker.control.report(text, of: list, in: file)
    }
}

private func checkedDigits(_ text: String) throws -> String {
    guard 1...64 ~= text.utf8.count, text.allSatisfy({ "0123456789abcdef".contains($0) }) else {
        throw ValidationError("\(shown(text)) is not the beginning of a digest; see --list")
    }
    return text
}

extension TokenList {
    /// The tokens that are to be revoked: one where digits are given, else all of the component.
    fileprivate func revocable(from name: String, digits: String?) throws -> [Entry] {
        let found = entries(of: name, beginning: digits ?? "")
        guard let digits else {
            if found.isEmpty { throw Failure(.unknown, "\(name) has no token") }
            return found
        }
        guard found.count < 2 else {
            let number = "\(found.count) tokens of \(name)"
            throw Failure(.unknown, "the digests of \(number) begin with \(digits): give more")
        }
        guard !found.isEmpty else {
            throw Failure(.unknown, "\(name) has no token whose digest begins with \(digits)")
        }
        return found
    }
}
