// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol

/// The text of a configuration file, in the style of systemd's: sections in brackets, `Key=Value`,
/// comments after `#` or `;` at the start of a line, `\` at the end of a line that goes on.
struct ConfigurationFile {
    private(set) var assignments: [Assignment] = []
    /// What is wrong, each with its file and line.
    private(set) var complaints: [String] = []

    private let path: String
    /// Nil after a section that is none: its keys are not complained of in addition.
    private var section: Section?
    private var isBeforeSections = true
    private var line = 0

    init(_ text: String, path: String) {
        self.path = path
        var begun = ""
        var first = 0
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        for (index, line) in lines.enumerated() {
            let line = trimmed(line)
            if begun.isEmpty {
                first = index + 1
                if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            }
            if line.hasSuffix("\\") {
                begun += line.dropLast() + " "
            } else {
                read(begun + line, at: first)
                begun = ""
            }
        }
        if !begun.isEmpty { read(begun, at: first) }
    }

    private mutating func read(_ text: String, at line: Int) {
        self.line = line
        if text.hasPrefix("[") {
            begin(text)
        } else if let equals = text.firstIndex(of: "="), equals > text.startIndex {
            let value = text[text.index(after: equals)...]
            assign(String(trimmed(text[..<equals])), String(trimmed(value)))
        } else {
            complain("\(quoted(text)) is neither a [Section] nor Key=Value")
        }
    }

    private mutating func begin(_ text: String) {
        isBeforeSections = false
        section = nil
        do throws(ValueError) {
            guard text.hasSuffix("]") else { throw ValueError("has no closing bracket") }
            section = try Section(String(text.dropFirst().dropLast()))
            assign("", "")
        } catch {
            complain("\(quoted(text)) \(error.message)")
        }
    }

    private mutating func assign(_ key: String, _ value: String) {
        guard let section else {
            if isBeforeSections { complain("\(quoted(key)) stands before any [Section]") }
            return
        }
        guard section.knows(key) else {
            return complain("there is no key \(quoted(key)) in this section")
        }
        let place = "\(path):\(line)"
        assignments.append(Assignment(section: section, key: key, value: value, place: place))
    }

    private mutating func complain(_ text: String) {
        complaints.append("\(path):\(line): \(text)")
    }
}

private func trimmed<Text: StringProtocol>(_ text: Text) -> Substring {
    let start = text.drop { $0.isWhitespace }
    let end = start.lastIndex { !$0.isWhitespace }
    return Substring(end.map { start[...$0] } ?? start[start.endIndex...])
}
