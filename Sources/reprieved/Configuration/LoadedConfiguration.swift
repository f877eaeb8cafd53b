// SPDX-License-Identifier: Apache-2.0

import Glibc
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Systemd
import Tokens

/// Everything that the daemon is configured by, read at one time: the configuration file, its
/// drop-ins, the options and the tokens file. Or what is wrong with them.
struct LoadedConfiguration {
    /// Bytes. A longer configuration file is refused.
    private static let maximumFileBytes = 1_024 * 1_024

    var configuration: Configuration
    var tokens = TokenList()
    /// What was set, in the order in which it counts: later ones for more.
    private(set) var assignments: [Assignment] = []
    /// The files that exist.
    var files: [String] = []
    var complaints: [String] = []
    /// What works, and is hardly meant.
    var notices: [String] = []
    private let defaultTokensFile: String

    init(_ invocation: Invocation) {
        let path =
            invocation.configurationFile ?? DefaultDirectories.configuration + "/reprieved.conf"
        configuration = Configuration(directory: directory(of: path))
        defaultTokensFile = configuration.tokensFile
        var assignments = read(path, isRequired: invocation.configurationFile != nil)
        // Hidden files are an editor's own, as for systemd.
        for name in names(in: path + ".d") where name.hasSuffix(".conf") && !name.hasPrefix(".") {
            assignments += read(path + ".d/" + name, isRequired: true)
        }
        self.assignments = assignments.withoutTakenBack + invocation.assignments
        apply(self.assignments)
        compareSockets()
        readTokens()
    }

    private mutating func read(_ path: String, isRequired: Bool) -> [Assignment] {
        do {
            guard let bytes = try File.readTrusted(path, atMost: Self.maximumFileBytes) else {
                if isRequired { complaints.append("there is no configuration file \(path)") }
                return []
            }
            // Its name may hold anything.
            let shown = printable(path, limit: .max)
            files.append(shown)
            let file = ConfigurationFile(bytes, path: shown)
            complaints += file.complaints
            return file.assignments
        } catch {
            complain(error.message)
            return []
        }
    }

    private mutating func names(in directory: String) -> [String] {
        do {
            try File.ensureTrusted(wayTo: directory)
            return try File.names(in: directory)
        } catch {
            complain(error.message)
            return []
        }
    }

    /// Once of what is wrong with several files, such as their directory.
    private mutating func complain(_ message: String) {
        if !complaints.contains(message) { complaints.append(message) }
    }

    private mutating func apply(_ assignments: [Assignment]) {
        for assignment in assignments {
            do {
                try assignment.apply(to: &configuration)
            } catch {
                complaints.append("\(assignment.place): \(assignment.key): \(error.message)")
            }
        }
    }

    /// The first of two sockets at one path would be taken for another daemon's, and a socket of
    /// this broker for that of a nucleus.
    private mutating func compareSockets() {
        let sockets = configuration.socketPaths
        for (index, one) in sockets.enumerated() {
            for other in sockets[(index + 1)...] where isSame(one.path, other.path) {
                let keys = [one.key, other.key]
                let place = assignments.last { keys.contains($0.key) }?.place
                let text = "\(one.key) and \(other.key) are the same, \(printable(other.path))"
                complaints.append([place, text].compactMap { $0 }.joined(separator: ": "))
            }
        }
    }

    private mutating func readTokens() {
        let path = configuration.tokensFile
        do {
            let file = try TokensFile(at: path)
            tokens = file.tokens
            if file.exists { files.append(path) } else { noteMissing(tokensFile: path) }
        } catch {
            complain(error.message)
        }
    }

    /// A file that nothing names need not be there.
    private mutating func noteMissing(tokensFile path: String) {
        guard path != defaultTokensFile else { return }
        notices.append("there is no tokens file \(path), so no token is valid")
    }
}

extension LoadedConfiguration {
    /// What the broker works with.
    var settings: BrokerSettings {
        var settings = configuration.brokerSettings(user: geteuid(), tokens: tokens)
        settings.tokensFile = TokensFileShape(
            path: configuration.tokensFile,
            tokens: Int64(tokens.entries.count),
            digest: tokens.digest.hexadecimal
        )
        return settings
    }

    /// One line for the log.
    var summary: String {
        let read = files.isEmpty ? "no configuration file" : files.joined(separator: ", ")
        let rules = count(configuration.negotiation.rules.count, "rule")
        return "\(read); \(rules) for components, " + count(tokens.entries.count, "token")
    }
}

private func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return String(path[..<slash])
}

/// Whether two paths name the same file by their words; links are not followed.
private func isSame(_ one: String, _ other: String) -> Bool {
    let words = [one, other].map { path in
        [path.hasPrefix("/") ? "/" : "."] + path.split(separator: "/").filter { $0 != "." }
    }
    return words[0] == words[1]
}

func count(_ number: Int, _ noun: String) -> String {
    number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
}
