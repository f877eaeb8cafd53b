// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import Synchronization

/// A value that is shown while it changes: on a terminal in one place that is redrawn, each second
/// and at each change; elsewhere as a line at each change.
final class Display<Value: Sendable>: Sendable {
    private struct State: Sendable {
        var value: Value?
        var changed = ContinuousClock.now
        var latest = ""
    }

    private let output: OutputStream
    /// Nil where nothing is redrawn.
    private let terminal: Terminal?
    /// The size is nil where nothing is redrawn.
    private let draw: @Sendable (Value, _ ageMs: Int64, Terminal.Size?) -> String
    private let redraw: @Sendable (String) -> String
    private let erase: String
    private let state = Mutex(State())

    /// `redraw` puts a text in the place of the previous one; `erase` clears the place.
    init(
        on output: OutputStream,
        draw: @escaping @Sendable (Value, _ ageMs: Int64, Terminal.Size?) -> String,
        redraw: @escaping @Sendable (String) -> String,
        erase: String
    ) {
        self.output = output
        terminal = Terminal(output)
        self.draw = draw
        self.redraw = redraw
        self.erase = erase
    }

    func show(_ value: Value) {
        state.withLock { state in
            state.value = value
            state.changed = .now
            update(&state)
        }
    }

    /// Redraws each second while `body` runs. Throws if the terminal is gone, where the result
    /// would be shown.
    func live<Result: Sendable>(
        while body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        guard terminal != nil else { return try await body() }
        defer { clear() }
        return try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(1))
                    self.state.withLock { self.update(&$0) }
                    try self.output.check()
                }
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }

    /// Writes a line that stays, above the place that is redrawn.
    func note(_ text: String) {
        state.withLock { state in
            let isDrawn = terminal?.isOurs ?? false
            output.write((isDrawn ? erase : "") + text + "\n")
            guard terminal != nil else { return }
            state.latest = ""
            update(&state)
        }
    }

    /// Writes the last line, and stops showing the value.
    func end(with text: String) {
        state.withLock { $0.value = nil }
        note(text)
    }

    private func clear() {
        state.withLock { state in
            state.value = nil
            if terminal?.isOurs ?? false { output.write(erase) }
        }
    }

    private func update(_ state: inout State) {
        guard let value = state.value, terminal?.isOurs ?? true else {
            state.latest = ""
            return
        }
        let age = (ContinuousClock.now - state.changed) / Duration.milliseconds(1)
        let text = draw(value, Int64(age), terminal?.size)
        guard text != state.latest else { return }
        state.latest = text
        output.write(terminal == nil ? text + "\n" : redraw(text))
    }
}

extension Display<UpdateShape> {
    /// One line on standard error, cut at the width of the terminal.
    static func progress() -> Display {
        Display(
            on: .error,
            draw: { line($0.aged(by: $1), columns: $2?.columns) },
            redraw: { "\r\u{1B}[?7l" + $0 + "\u{1B}[K\u{1B}[?7h" },
            erase: "\r\u{1B}[K"
        )
    }
}

extension Display<StatusShape> {
    /// The whole terminal, or the whole status at each change.
    static func page() -> Display {
        Display(
            on: .standard,
            draw: { status, age, size in
                size.map { pageText(status.aged(by: age), $0) } ?? text(status)
            },
            redraw: { "\u{1B}[?7l\u{1B}[H" + $0 + "\u{1B}[J\u{1B}[?7h" },
            erase: "\u{1B}[H\u{1B}[J"
        )
    }
}
