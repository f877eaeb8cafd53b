// SPDX-License-Identifier: Apache-2.0

/// A file in the syntax of `reprieved.conf`: the section `[Permit]`, `Key=Value`, comment lines
/// that begin with `#` or `;`, and `\` at the end of a line that goes on in the next one. What is
/// unknown is a complaint.
struct ConfigurationFile {
    private(set) var assignments: [(key: String, value: String, line: Int)] = []
    private(set) var complaints: [String] = []
    private let path: String
    private var isInSection = false

    init(_ bytes: [UInt8], path: String) {
        self.path = path
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            complaints = ["\(path): the file is not in UTF-8, or contains a NUL"]
            return
        }
        var begun = ""
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        for (index, line) in lines.enumerated() {
            let start = line.trimmed
            if start.hasPrefix("#") || start.hasPrefix(";") { continue }
            begun += line
            if begun.hasSuffix("\\") {
                begun = begun.dropLast() + " "
            } else {
                read(begun.trimmed, index + 1)
                begun = ""
            }
        }
        read(begun.trimmed, lines.count)
    }

    private mutating func read(_ text: String, _ line: Int) {
        if text.isEmpty { return }
        if text.hasPrefix("[") {
            isInSection = text == "[Permit]"
            if !isInSection { complain("the only section is [Permit], not \(text)", line) }
        } else if let equals = text.firstIndex(of: "="), equals > text.startIndex {
            let key = text[..<equals].trimmed
            guard isInSection else { return complain("\(key) is set outside of [Permit]", line) }
            assignments.append((key, text[text.index(after: equals)...].trimmed, line))
        } else {
            complain("\"\(text)\" is neither a [Section] nor Key=Value", line)
        }
    }

    mutating func complain(_ text: String, _ line: Int) {
        complaints.append("\(path):\(line): \(text)")
    }
}

extension StringProtocol {
    var trimmed: String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let start = drop(while: isSpace)
        let end = start.lastIndex { !isSpace($0) }
        return end.map { String(start[...$0]) } ?? ""
    }
}
