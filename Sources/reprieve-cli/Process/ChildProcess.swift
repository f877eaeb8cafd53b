// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
@preconcurrency internal import Glibc

/// A running child process.
struct ChildProcess: Sendable {
    /// What the child shares with this program.
    enum Mode: Hashable, Sendable {
        /// Input, output and process group.
        case foreground
        /// The same, but its output goes to this program's standard error.
        case diagnostic
        /// Nothing: it has no input, a pipe for its output, and a process group of its own.
        case background(output: Int32)

        var isBackground: Bool {
            if case .background = self { true } else { false }
        }
    }

    /// How a process ended.
    enum Termination: Hashable, Sendable {
        case exited(Int32)
        case killed(Int32)

        var exitCode: Int32 {
            switch self {
            case .exited(let code): code
            case .killed(let signal): 128 + signal
            }
        }

        var isSuccess: Bool { self == .exited(0) }

        var isKilled: Bool {
            if case .killed = self { true } else { false }
        }

        /// Whether the program did not run to its end, also as a shell tells it: 126 and 127 if it
        /// could not be started, 128 + n if signal n killed it.
        var isBroken: Bool {
            switch self {
            case .exited(let code): code >= 126
            case .killed: true
            }
        }

        var text: String {
            switch self {
            case .exited(let code): "exit code \(code)"
            case .killed(let signal): "killed by signal \(signal)"
            }
        }

        /// What follows the name of the program.
        var sentence: String { (isKilled ? "was " : "ended with ") + text }
    }

    fileprivate let process: pid_t

    /// Starts a program with additional variables in its environment. A failure that may pass is
    /// tried again until `deadline`.
    static func start(
        _ executable: Executable,
        environment: [(name: String, value: String)],
        in mode: Mode = .foreground,
        until deadline: ContinuousClock.Instant = .now + .seconds(3)
    ) async throws(Failure) -> ChildProcess {
        let request = StartRequest(executable, environment, mode)
        while true {
            switch await MainThread.perform({ Children.start { request.perform() } }) {
            case .success(let process): return ChildProcess(process: process)
            case .failure(let error):
                let isOver = ContinuousClock.now >= deadline || Task.isCancelled
                guard error.isPassing, !isOver else {
                    let path = shown(executable.path)
                    throw Failure(.notFound, "cannot start \(path): \(error.text)")
                }
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// Forwards a signal, unless the terminal has sent it to the child as well.
    func forward(_ signal: Signal, foreground: pid_t? = Terminal.foregroundGroup) {
        if !isKey(signal, foreground) { kill(process, signal.number) }
    }

    /// Ctrl-C and Ctrl-\ go to the whole foreground group. What the kernel sends elsewhere, as on
    /// Ctrl-Alt-Del to the first process, goes to one process, and so does what a process sends.
    private func isKey(_ signal: Signal, _ foreground: pid_t?) -> Bool {
        [SIGINT, SIGQUIT].contains(signal.number) && signal.isFromKernel
            && getpgrp() == foreground && getpgid(process) == foreground
    }

    /// Sends a signal to the process group of a background child.
    func signalGroup(_ number: Int32) {
        kill(-process, number)
    }

    /// Waits until the child ends. It remains a zombie until `reap`, so that its process id is not
    /// reused.
    func waitForEnd() async {
        await withCheckedContinuation { continuation in
            // A queue of its own has a thread at once. A global one has few threads, and adds more
            // slowly while they wait.
            DispatchQueue(label: "child").async {
                var info = siginfo_t()
                while waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
                continuation.resume()
            }
        }
    }

    func reap() -> Termination {
        let status = Children.reap(process)
        let signal = status & 0x7F
        return signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal)
    }
}
