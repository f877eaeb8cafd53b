// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveProtocol
internal import StrictJSON

/// What `--help` prints: one screen, which begins with an example. `reprieve help` has all.
struct HelpPage: Hashable {
    static let rows = 24
    static let columns = 80

    let lines: [String]

    var text: String { lines.map { $0 + "\n" }.joined() }

    /// The page that a command line asks for; nil if it asks for none.
    init?(_ arguments: [String]) {
        let own = arguments.prefix { $0 != "--" }
        guard own.contains("--help") || own.contains("-h"), own.first != "help" else { return nil }
        if let command = ReprieveCommand.subcommand(named: own.first ?? "") {
            self.init(command)
        } else if own.first?.hasPrefix("-") == true {
            self.init()
        } else {
            return nil
        }
    }

    /// Of the program itself.
    init() {
        let commands = ReprieveCommand.configuration.subcommands.map { command in
            [command.name, command.configuration.abstract]
        }
        let table = table(commands).split(separator: "\n").map(String.init)
        lines =
            Self.examples("") + [""] + table
            + ["", "All about a command: reprieve help COMMAND; exit codes: reprieve help"]
    }

    init(_ command: any ParsableCommand.Type) {
        let head =
            Self.examples(command.name) + [""]
            + wrapped(command.configuration.abstract, to: Self.columns) + [""]
        let foot = ["", "All about it: reprieve help \(command.name)"]
        let options = command.shownArguments
        let explained = options.flatMap(\.explained)
        let isShort = (head + explained + foot).count <= Self.rows
        lines = head + (isShort ? explained : Self.synopsis(options)) + foot
    }

    private static func examples(_ name: String) -> [String] {
        let examples = helpExamples[name] ?? []
        return [examples.count == 1 ? "Example:" : "Examples:"] + examples.map { "  " + $0 }
    }

    /// All of them, without an explanation.
    private static func synopsis(_ arguments: [ShownArgument]) -> [String] {
        var lines = [""]
        for name in arguments.map(\.name) {
            let longer = lines[lines.count - 1] + "  " + name
            if longer.width <= columns || lines == [""] {
                lines[lines.count - 1] = longer
            } else {
                lines.append("  " + name)
            }
        }
        return lines
    }
}

/// An option or an argument, as a page shows it.
private struct ShownArgument {
    /// "--since DURATION"
    var name: String
    /// The first sentence of its help.
    var about: String

    private static let indentation = 26
    private static let longestWords = 24

    var explained: [String] {
        let room = HelpPage.columns - Self.indentation
        let texts = wrapped(about, to: room).map { String($0.trimmingPrefix("  ")) }
        let padding = Self.indentation - 2 - name.width
        let indented = texts.map { String(repeating: " ", count: Self.indentation) + $0 }
        guard padding > 1, let first = texts.first else { return ["  " + name] + indented }
        return ["  " + name + String(repeating: " ", count: padding) + first]
            + indented.dropFirst()
    }

    init?(_ json: JSON) throws(JSONError) {
        guard try json.bool("shouldDisplay") == true, let value = try json.string("valueName"),
            value != "help", value != "version"
        else { return nil }
        let kind = try json.string("kind")
        let option = try json.object("preferredName")?.string("name").map { "--" + $0 }
        let words = try json.strings("allValues")?.joined(separator: "|")
        let shown = words.flatMap { $0.count <= Self.longestWords ? $0 : nil } ?? value.uppercased()
        name = [option, kind == "flag" ? nil : shown].compactMap { $0 }.joined(separator: " ")
        if kind == "positional", value == "command" || value == "argument" { name = "-- " + name }
        about = try json.string("abstract") ?? ""
        if let end = about.range(ofFirst: [" (default", ". ", " ("]) {
            about = String(about[..<end])
        }
        if about.hasSuffix(".") { about.removeLast() }
    }
}

extension String {
    /// Where the first of these texts begins.
    fileprivate func range(ofFirst texts: [String]) -> Index? {
        indices.first { index in texts.contains { self[index...].hasPrefix($0) } }
    }
}

extension ParsableCommand {
    static var name: String { configuration.commandName ?? "" }

    fileprivate static var shownArguments: [ShownArgument] {
        let dump = try? JSON(decoding: Array(_dumpHelp().utf8))
        guard case .array(let arguments)? = dump?["command"]?["arguments"] else { return [] }
        return arguments.compactMap { try? ShownArgument($0) }
    }
}

extension ReprieveCommand {
    static func subcommand(named name: String) -> (any ParsableCommand.Type)? {
        configuration.subcommands.first { $0.name == name }
    }

    /// The argument parser suggests options, and no subcommands.
    static func check(_ arguments: [String]) throws(Failure) {
        guard let first = arguments.first, !first.hasPrefix("-"), first != "help" else { return }
        let names = configuration.subcommands.map { $0.name }
        guard !names.contains(first) else { return }
        let hint = suggestion(for: first, among: names + ["help"])
        let text = "there is no subcommand \(shown(first))"
        throw Failure(.wrongUsage, text + (hint.isEmpty ? "; see reprieve --help" : hint))
    }
}
