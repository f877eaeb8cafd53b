// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import Synchronization

/// A value that is shown while it changes: on a terminal in one place that is redrawn, each second
/// and at each change; elsewhere as a line at each change, of those in quick succession the last.
final class Display<Value: Sendable>: Sendable {
    private struct State: Sendable {
        var value: Value?
        var changed = ContinuousClock.now
        var latest = ""
        var size: Terminal.Size?
        /// When something was written where nothing is redrawn.
        var written: ContinuousClock.Instant?
    }

    /// How far apart lines are where nothing is redrawn.
    private static var pace: Duration { .milliseconds(200) }

    private let output: OutputStream
    /// Nil where nothing is redrawn.
    private let terminal: Terminal?
    /// The size is nil where nothing is redrawn.
    private let draw: @Sendable (Value, _ ageMs: Int64, Terminal.Size?) -> String
    private let redraw: @Sendable (String) -> String
    private let erase: String
    private let isSame: @Sendable (Value, Value) -> Bool
    private let state = Mutex(State())
    /// A value waits to be written where nothing is redrawn.
    private let delayed = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// `redraw` puts a text in the place of the previous one; `erase` clears the place. Of values
    /// that are the same, only the first is written where nothing is redrawn.
    init(
        on output: OutputStream,
        draw: @escaping @Sendable (Value, _ ageMs: Int64, Terminal.Size?) -> String,
        redraw: @escaping @Sendable (String) -> String,
        erase: String,
        isSame: @escaping @Sendable (Value, Value) -> Bool
    ) {
        self.output = output
        terminal = Terminal(output)
        self.draw = draw
        self.redraw = redraw
        self.erase = erase
        self.isSame = isSame
    }

    func show(_ value: Value) {
        state.withLock { state in
            if terminal == nil, let old = state.value, isSame(old, value) { return }
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
        defer { clear() }
        return try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while true {
                    try await self.waitForRedraw()
                    self.state.withLock { self.update(&$0) }
                    try self.output.check()
                }
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }

    private func waitForRedraw() async throws {
        guard terminal == nil else { return try await Task.sleep(for: .seconds(1)) }
        for await _ in delayed.stream { return try await Task.sleep(for: Self.pace) }
        throw CancellationError()
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
        guard let terminal else { return write(value, &state) }
        let age = (ContinuousClock.now - state.changed) / Duration.milliseconds(1)
        let size = terminal.size
        let text = draw(value, Int64(age), size)
        // A terminal that has another size may have moved what stood there.
        guard text != state.latest || size != state.size else { return }
        (state.latest, state.size) = (text, size)
        output.write(redraw(text))
    }

    private func write(_ value: Value, _ state: inout State) {
        let now = ContinuousClock.now
        if let written = state.written, now - written < Self.pace {
            delayed.continuation.yield()
            return
        }
        let text = draw(value, 0, nil)
        guard text != state.latest else { return }
        (state.latest, state.written) = (text, now)
        output.write(text + "\n")
    }
}

extension Display<UpdateShape> {
    /// One line on standard error, cut at the width of the terminal.
    static func progress() -> Display {
        Display(
            on: .error,
            draw: { line($0.aged(by: $1), columns: $2?.columns) },
            redraw: { "\r\u{1B}[?7l" + $0 + "\u{1B}[K\u{1B}[?7h" },
            erase: "\r\u{1B}[K",
            isSame: { $0.withoutTimes == $1.withoutTimes }
        )
    }
}

extension Display<StatusShape> {
    /// The whole terminal, or the whole status at each change.
    static func page(shutdownLimit: Duration?) -> Display {
        let colours = wantsColours
        return Display(
            on: .standard,
            draw: { status, age, size in
                let context = StatusContext(now: wallClockNow(), shutdownLimit: shutdownLimit)
                guard let size else { return text(status, context) }
                return pageText(status.aged(by: age), size, context, colours: colours)
            },
            redraw: { "\u{1B}[?7l\u{1B}[H" + $0 + "\u{1B}[J\u{1B}[?7h" },
            erase: "\u{1B}[H\u{1B}[J",
            isSame: { $0 == $1 }
        )
    }
}
