// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The status on a terminal of this size. In each update the components that block it come first;
/// what has no room is counted.
func pageText(
    _ status: StatusShape,
    _ size: Terminal.Size,
    _ context: StatusContext = StatusContext(),
    colours: Bool = false
) -> String {
    let room = max(1, size.rows - 1)
    var lines = statusLines(status, size.columns, context)
    if lines.count > room {
        let brief = waitingFirst(status.updates).flatMap {
            updateLines($0, size.columns, context, isBrief: true)
        }
        let components = StyledLine.lines(text(status.components, missing: status.missing))
        lines = brief + [StyledLine(text: ""), components[0]]
    }
    return screenText(lines, size, colours: colours)
}

/// The whole status in so many columns.
func statusLines(
    _ status: StatusShape,
    _ columns: Int,
    _ context: StatusContext
) -> [StyledLine] {
    let updates = waitingFirst(status.updates).flatMap {
        updateLines($0, columns, context, isBrief: false)
    }
    let blank = StyledLine(text: "")
    var lines = updates.isEmpty ? [StyledLine(text: "no update is waiting")] : updates
    lines += [blank] + componentLines(status, columns)
    let upstream = StyledLine.lines(text(status.upstream))
    if !upstream.isEmpty { lines += [blank] + upstream.flatMap { $0.wrapped(to: columns) } }
    let accounts = StyledLine.lines(text(status.accounts), .trouble)
    if !accounts.isEmpty { lines += [blank] + accounts }
    let shutdown = StyledLine.lines(text(status.inhibitors, context))
    if !shutdown.isEmpty { lines += [blank] + shutdown.flatMap { $0.wrapped(to: columns) } }
    return lines
}

/// Lines in the place of others: each is erased to its end, since a shorter one may take its place.
func screenText(_ lines: [StyledLine], _ size: Terminal.Size, colours: Bool = false) -> String {
    let room = max(1, size.rows - 1)
    let left = lines.count - room + 1
    let more = StyledLine(text: "... and \(count(left, "more line"))")
    let shown = lines.count > room ? lines.prefix(room - 1) + [more] : lines[...]
    return shown.map { $0.drawn(size.columns, colours: colours) + "\u{1B}[K\r\n" }.joined()
}

private func waitingFirst(_ updates: [UpdateShape]) -> [UpdateShape] {
    updates.filter { $0.state == .waiting } + updates.filter { $0.state != .waiting }
}

/// The update and the components that block it; then all others, or only their number.
private func updateLines(
    _ update: UpdateShape,
    _ columns: Int,
    _ context: StatusContext,
    isBrief: Bool
) -> [StyledLine] {
    let others = update.participants.filter { !update.blockedBy.contains($0.component) }
    var update = update
    update.participants = blockers(of: update) + (isBrief ? [] : others)
    var lines = StyledLine.lines(text(update, columns: columns, context))
    lines[0].style = .heading
    // Only the table is cut.
    let head = lines.dropLast(update.participants.count).flatMap { $0.wrapped(to: columns) }
    lines = head + lines.suffix(update.participants.count)
    let first = head.count
    for (index, participant) in update.participants.enumerated() where update.state == .waiting {
        lines[first + index].style = participant.state.style
    }
    let count = others.count
    let rest = isBrief && count > 0 ? "  and \(count) more, which do not block it" : ""
    return lines + StyledLine.lines(rest)
}

private func componentLines(_ status: StatusShape, _ columns: Int) -> [StyledLine] {
    let text = text(status.components, missing: status.missing, columns: columns)
    return StyledLine.lines(text).flatMap { line in
        guard line.text.hasPrefix("required and not connected") else { return [line] }
        return StyledLine(text: line.text, style: .trouble).wrapped(to: columns)
    }
}
