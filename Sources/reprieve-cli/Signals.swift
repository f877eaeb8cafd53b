// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// A signal that asks the program to end.
struct Signal: Hashable, Sendable {
    let number: Int32
    /// It came from the terminal, so the whole foreground process group has it already.
    var isFromTerminal = false

    var exitCode: Int32 { 128 + number }

    var name: String {
        switch number {
        case SIGINT: "SIGINT"
        case SIGTERM: "SIGTERM"
        case SIGHUP: "SIGHUP"
        case SIGQUIT: "SIGQUIT"
        default: "signal \(number)"
        }
    }
}

/// The signals that ask the program to end. One that nobody handles yet waits for a handler.
enum Signals {
    typealias Handler = @Sendable (Signal) -> Void

    static let ending = [SIGINT, SIGTERM, SIGHUP]
    /// Everything by which one program speaks to another.
    static let all = ending + [SIGQUIT, SIGUSR1, SIGUSR2]

    private struct State {
        var handler: Handler?
        var pending: [Signal] = []
        var taken: [Int32] = []
    }

    private static let state = Mutex(State())

    private static func set(of numbers: [Int32]) -> sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in numbers { sigaddset(&signals, number) }
        return signals
    }

    /// From now on these do not end the program, nor does a reader who has gone away. To be called
    /// before there are threads.
    static func takeOver(_ numbers: [Int32] = ending) {
        // Blocked, and not ignored: that would be passed on to commands.
        var signals = set(of: numbers + [SIGPIPE])
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        state.withLock { $0.taken = numbers }
    }

    /// The work of the main thread, for good.
    static func deliver() -> Never {
        let taken = state.withLock { $0.taken }
        guard !taken.isEmpty else { while true { pause() } }
        var signals = set(of: taken)
        var info = siginfo_t()
        while true {
            let number = sigwaitinfo(&signals, &info)
            guard number > 0 else { continue }
            let kernel: Int32 = 0x80
            receive(Signal(number: number, isFromTerminal: info.si_code == kernel))
        }
    }

    private static func receive(_ signal: Signal) {
        let handler = state.withLock { state in
            if state.handler == nil { state.pending.append(signal) }
            return state.handler
        }
        handler?(signal)
    }

    /// Hands the signals to `handler` while `body` runs, those that wait first.
    static func handled<Result>(
        by handler: @escaping Handler,
        while body: () async throws -> Result
    ) async rethrows -> Result {
        let waiting = state.withLock { state in
            state.handler = handler
            defer { state.pending = [] }
            return state.pending
        }
        for signal in waiting { handler(signal) }
        defer { state.withLock { $0.handler = nil } }
        return try await body()
    }
}
