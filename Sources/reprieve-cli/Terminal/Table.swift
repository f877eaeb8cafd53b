// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// A text from outside this program, with all control characters escaped, so that it cannot steer
/// the terminal.
func shown(_ text: String) -> String {
    printable(text.repaired)
}

/// At most a few names, and how many more there are.
func list(_ names: [String], limit: Int = 3) -> String {
    let first = names.prefix(limit).map(shown)
    let more = names.count - first.count
    if more > 0 { return first.joined(separator: ", ") + " and \(more) more" }
    guard let last = first.last, first.count > 1 else { return first.joined() }
    return first.dropLast().joined(separator: ", ") + " and " + last
}

func count(_ number: Int, _ noun: String) -> String {
    number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
}

/// Rows in columns that are as wide as their widest cell, indented.
func table(_ rows: [[String]]) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
        rows.map { column < $0.count ? $0[column].width : 0 }.max() ?? 0
    }
    let lines = rows.map { row in
        let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.width) }
        return "  " + cells.joined(separator: "  ")
    }
    return lines.map { trimmed($0) + "\n" }.joined()
}

private func trimmed(_ line: String) -> Substring {
    line[..<(line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex)]
}
