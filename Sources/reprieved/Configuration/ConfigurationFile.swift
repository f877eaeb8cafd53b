// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol

/// A configuration file in the syntax of `systemd.syntax(7)`: sections in brackets, `Key=Value`,
/// comment lines that begin with `#` or `;`, and `\` at the very end of a line that goes on in the
/// next one that is no comment.
///
/// It is stricter than systemd: what systemd would ignore with a warning is a complaint.
struct ConfigurationFile {
    private(set) var assignments: [Assignment] = []
    /// What is wrong, each with its file and line.
    private(set) var complaints: [String] = []

    private let path: String
    /// Nil after a header that names no section: its keys are not complained of in addition.
    private var section: ConfigurationSection?
    private var isBeforeSections = true
    private var line = 0

    init(_ bytes: [UInt8], path: String) {
        self.path = path
        var begun = ""
        for (index, bytes) in lines(of: bytes).enumerated() {
            if begun.isEmpty { line = index + 1 }
            guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
                complain("the line is not in UTF-8, or contains a NUL")
                continue
            }
            if isComment(text) { continue }
            begun += text
            if isContinued(begun) {
                begun.removeLast()
                begun += " "
            } else {
                read(String(trimmed(begun)))
                begun = ""
            }
        }
        read(String(trimmed(begun)))
    }

    private mutating func read(_ text: String) {
        if text.isEmpty { return }
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
            section = try ConfigurationSection(String(text.dropFirst().dropLast()))
            assign("", "")
        } catch {
            complain("\(quoted(text)) \(error.message)")
        }
    }

    private mutating func assign(_ key: String, _ value: String) {
        guard let section else {
            if isBeforeSections { complain("\(quoted(key)) is set before the first [Section]") }
            return
        }
        guard section.knows(key) else {
            let hint = suggestion(for: key, among: section.keys)
            return complain("this section has no key \(quoted(key))" + hint)
        }
        let place = "\(path):\(line)"
        assignments.append(Assignment(section: section, key: key, value: value, place: place))
    }

    private mutating func complain(_ text: String) {
        complaints.append("\(path):\(line): \(text)")
    }
}

/// The lines end as systemd's do: with CR, LF or both.
private func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    let (lineFeed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    var rest = bytes.starts(with: byteOrderMark) ? bytes.dropFirst(3) : bytes[...]
    var lines: [ArraySlice<UInt8>] = []
    while let end = rest.firstIndex(where: { $0 == lineFeed || $0 == carriageReturn }) {
        lines.append(rest[..<end])
        let isBoth = rest[end...].starts(with: [carriageReturn, lineFeed])
        rest = rest[(end + (isBoth ? 2 : 1))...]
    }
    return lines + [rest]
}

private func isComment(_ line: String) -> Bool {
    let start = trimmed(line)
    return start.hasPrefix("#") || start.hasPrefix(";")
}

/// A backslash that follows another one is a backslash.
private func isContinued(_ line: String) -> Bool {
    !line.reversed().prefix { $0 == "\\" }.count.isMultiple(of: 2)
}

private func trimmed<Text: StringProtocol>(_ text: Text) -> Substring {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    let start = text.drop(while: isSpace)
    let end = start.lastIndex { !isSpace($0) }
    return Substring(end.map { start[...$0] } ?? start[start.endIndex...])
}
