// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// A signal that this program has received.
struct Signal: Hashable, Sendable {
    let number: Int32
    /// Whether the terminal sent it, and so to the whole foreground process group.
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

/// The signals that this program handles. A signal without a handler waits until there is one.
enum Signals {
    typealias Handler = @Sendable (Signal) -> Void

    static let ending = [SIGINT, SIGTERM, SIGHUP]
    /// These, and all others that programs send to each other.
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

    /// From now on these signals do not end the program, nor does a write to a closed pipe. To be
    /// called before the first thread starts.
    static func takeOver(_ numbers: [Int32] = ending) {
        // Blocked rather than ignored: a child process inherits ignored signals.
        var signals = set(of: numbers + [SIGPIPE])
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        state.withLock { $0.taken = numbers }
    }

    /// Receives signals; the main thread does only this.
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

    /// Passes each signal to `handler` while `body` runs; those that wait come first.
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
