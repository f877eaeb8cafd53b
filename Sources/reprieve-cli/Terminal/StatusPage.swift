// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The status on a terminal of this size. In each update the components that block it come first;
/// what has no room is counted.
func pageText(_ status: StatusShape, _ size: Terminal.Size) -> String {
    let room = max(1, size.rows - 1)
    let updates =
        status.updates.filter { $0.state == .waiting }
        + status.updates.filter { $0.state != .waiting }
    let whole = updates.flatMap { updateLines($0, size.columns, isBrief: false) }
    let components = textLines(text(status.components, missing: status.missing))
    let accounts = textLines(text(status.accounts))
    var lines = (whole.isEmpty ? ["no update is waiting"] : whole) + [""] + components
    lines += accounts.isEmpty ? [] : [""] + accounts
    if lines.count > room {
        let brief = updates.flatMap { updateLines($0, size.columns, isBrief: true) }
        lines = brief + ["", components[0]]
    }
    return screenText(lines, size)
}

/// Lines in the place of others: each is erased to its end, since a shorter one may take its place.
func screenText(_ lines: [String], _ size: Terminal.Size) -> String {
    let room = max(1, size.rows - 1)
    let left = lines.count - room + 1
    let last = lines.count > room ? ["... and \(count(left, "more line"))"] : []
    let first = last.isEmpty ? lines[...] : lines.prefix(room - 1)
    return (first + last).map { cut($0, to: size.columns) + "\u{1B}[K\r\n" }.joined()
}

/// The update and the components that block it; then all others, or only their number.
private func updateLines(_ update: UpdateShape, _ columns: Int, isBrief: Bool) -> [String] {
    let blockers = blockers(of: update)
    let others = update.participants.filter { !update.blockedBy.contains($0.component) }
    let shown = isBrief ? blockers : blockers + others
    var update = update
    update.participants = shown
    let count = others.count
    let rest = isBrief && count > 0 ? ["  and \(count) more, which do not block it"] : []
    return textLines(text(update, columns: columns)) + rest
}

private func textLines(_ text: String) -> [String] {
    text.split(separator: "\n").map(String.init)
}
