// SPDX-License-Identifier: Apache-2.0

internal import CProcess
internal import Glibc
internal import Synchronization

/// A signal that this program has received.
struct Signal: Hashable, Sendable {
    let number: Int32
    /// Whether it says that the kernel sent it, and no process.
    var isFromKernel = false

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
        var inheritedMask = set(of: [])
        var ignoresChildren = false
    }

    /// The signals that this program was started with as blocked; a child blocks the same.
    static var inheritedMask: sigset_t { state.withLock { $0.inheritedMask } }
    /// Whether this program was started with SIGCHLD ignored.
    static var ignoresChildren: Bool { state.withLock { $0.ignoresChildren } }

    private static let state = Mutex(State())

    private static func set(of numbers: [Int32]) -> sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in numbers { sigaddset(&signals, number) }
        return signals
    }

    /// From now on these signals do not end the program, nor does a write to a closed pipe. A
    /// signal that was ignored at the start stays so, as under nohup(1). To be called before the
    /// first thread starts.
    static func takeOver(_ numbers: [Int32] = ending) {
        let taken = numbers.filter { process_ignores($0) == 0 }
        let ignoresChildren = process_ignores(SIGCHLD) != 0
        process_watch_children()
        Children.takeOverOthers()
        // Blocked rather than ignored: a child process inherits ignored signals.
        var signals = set(of: taken + [SIGPIPE, SIGCHLD])
        var inherited = sigset_t()
        pthread_sigmask(SIG_BLOCK, &signals, &inherited)
        MainThread.reserve()
        state.withLock { state in
            state.taken = taken
            state.inheritedMask = inherited
            state.ignoresChildren = ignoresChildren
        }
    }

    /// Receives signals, and performs the work for the main thread, which does only this.
    static func deliver() -> Never {
        let taken = state.withLock { $0.taken }
        var signals = set(of: taken + [SIGCHLD])
        var info = siginfo_t()
        while true {
            MainThread.performWork()
            let number = sigwaitinfo(&signals, &info)
            if number == SIGCHLD { Children.reapOthers() }
            guard number > 0, number != SIGCHLD else { continue }
            let kernel: Int32 = 0x80
            receive(Signal(number: number, isFromKernel: info.si_code == kernel))
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
