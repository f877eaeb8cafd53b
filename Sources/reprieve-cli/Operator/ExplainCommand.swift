// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTransport

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Says in sentences why an update waits, or why it went ahead.",
        discussion: """
            It says which components an update waits for and why, how much of its time each has \
            left, when the update stops waiting at the latest, and what would open its gate now. \
            Of a past update it says on what ground it went ahead, what each component did, who \
            forced it and how it ended.
            """
    )

    @OptionGroup var broker: BrokerOptions

    @Argument(
        help: "The update (default: all that wait or are under way, else the latest one).",
        completion: .updates,
        transform: checkedDeploymentID
    )
    var id: String?

    @Flag(help: "Say it again at each change; on a terminal, redraw it. Ends with the update ID.")
    var watch = false

    func run() async throws {
        let control = broker.control
        guard watch else {
            let cases = try await cases(in: control.status())
            let columns = Terminal(.standard)?.size.columns
            return OutputStream.standard.write(text(cases, columns: columns))
        }
        let page = Display.explanations()
        do {
            try await page.live {
                try await control.watchPatiently { error in
                    OutputStream.error.line("reprieve: \(error.message); trying again")
                } _: { status in
                    let cases = try await cases(in: status)
                    let isOver = id != nil && status.updates.allSatisfy { $0.deploymentID != id }
                    if isOver { throw Over(cases: cases) }
                    page.show(cases)
                    try OutputStream.standard.check()
                }
            }
        } catch let over as Over {
            OutputStream.standard.write(text(over.cases))
        }
    }

    /// The watched update has ended.
    private struct Over: Error {
        var cases: [ExplainedCase]
    }

    /// What there is to explain, those that wait first.
    private func cases(in status: StatusShape) async throws -> [ExplainedCase] {
        let updates = status.updates.filter { id == nil || $0.deploymentID == id }
        var cases = updates.filter { $0.state == .waiting }.map { ExplainedCase.waiting($0) }
        for update in updates where update.state != .waiting {
            cases += try await latest(of: update.deploymentID)
        }
        if cases.isEmpty { cases = try await latest(of: id) }
        if let id, cases.isEmpty { throw Failure(.unknown, "there is no update \(shown(id))") }
        return cases
    }

    private func latest(of id: String?) async throws -> [ExplainedCase] {
        let request = HistoryRequest(limit: 1, deploymentID: id)
        return try await broker.control.history(request).decisions.map { .decided($0) }
    }
}

/// An update that is explained.
enum ExplainedCase: Hashable, Sendable {
    case waiting(UpdateShape)
    case decided(DecisionShape)

    func sentences(agedBy milliseconds: Int64 = 0, at now: Int64) -> [String] {
        switch self {
        case .waiting(let update): explanation(of: update.aged(by: milliseconds), at: now)
        case .decided(let decision): explanation(of: decision, at: now)
        }
    }
}

private func text(_ cases: [ExplainedCase], columns: Int? = nil) -> String {
    guard !cases.isEmpty else { return "no update is waiting, and the history is empty\n" }
    let now = wallClockNow()
    let lines = cases.map { $0.sentences(at: now).flatMap { wrapped($0, to: columns ?? .max) } }
    return lines.map { $0.map { $0 + "\n" }.joined() }.joined(separator: "\n")
}

extension Display<[ExplainedCase]> {
    /// The whole terminal, or the sentences at each change.
    static func explanations() -> Display {
        Display(
            on: .standard,
            draw: { cases, age, size in
                guard let size else { return text(cases) }
                let now = wallClockNow()
                let sentences = cases.map { $0.sentences(agedBy: age, at: now) }
                let lines = sentences.joined(separator: [""]).flatMap {
                    wrapped($0, to: size.columns)
                }
                return screenText(lines.map { StyledLine(text: $0) }, size)
            },
            redraw: { "\u{1B}[?7l\u{1B}[H" + $0 + "\u{1B}[J\u{1B}[?7h" },
            erase: "\u{1B}[H\u{1B}[J",
            isSame: { $0 == $1 }
        )
    }
}
