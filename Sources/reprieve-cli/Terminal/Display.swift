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
    private let isTerminal: Bool
    private let draw: @Sendable (Value, _ ageMs: Int64) -> String
    private let redraw: @Sendable (String) -> String
    private let erase: String
    private let state = Mutex(State())

    /// `redraw` puts a text in the place of the previous one; `erase` clears the place.
    init(
        on output: OutputStream,
        draw: @escaping @Sendable (Value, _ ageMs: Int64) -> String,
        redraw: @escaping @Sendable (String) -> String,
        erase: String
    ) {
        self.output = output
        isTerminal = output.isTerminal
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

    /// Redraws each second while `body` runs.
    func live<Result: Sendable>(
        while body: () async throws -> Result
    ) async throws -> Result {
        guard isTerminal else { return try await body() }
        let ticking = Task {
            while true {
                try await Task.sleep(for: .seconds(1))
                state.withLock { update(&$0) }
            }
        }
        defer {
            ticking.cancel()
            clear()
        }
        return try await body()
    }

    /// Writes a line that stays, above the place that is redrawn.
    func note(_ text: String) {
        state.withLock { state in
            output.write((isTerminal ? erase : "") + text + "\n")
            guard isTerminal else { return }
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
            output.write(erase)
        }
    }

    private func update(_ state: inout State) {
        guard let value = state.value else { return }
        let age = (ContinuousClock.now - state.changed) / Duration.milliseconds(1)
        let text = draw(value, Int64(age))
        guard text != state.latest else { return }
        state.latest = text
        output.write(isTerminal ? redraw(text) : text + "\n")
    }
}

extension Display<UpdateShape> {
    /// One line on standard error, cut at the width of the terminal.
    static func progress() -> Display {
        Display(
            on: .error,
            draw: { line($0.aged(by: $1)) },
            redraw: { "\r\u{1B}[?7l" + $0 + "\u{1B}[K\u{1B}[?7h" },
            erase: "\r\u{1B}[K"
        )
    }
}

extension Display<StatusShape> {
    /// The whole terminal.
    static func page() -> Display {
        Display(
            on: .standard,
            draw: { text($0.aged(by: $1)) },
            redraw: { "\u{1B}[H\u{1B}[2J" + $0 },
            erase: ""
        )
    }
}
