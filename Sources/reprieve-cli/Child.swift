// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
@preconcurrency internal import Glibc

/// A command that runs. It has this program's input and output.
struct Child: Sendable {
    enum Ending: Hashable, Sendable {
        case exited(Int32)
        case killed(Int32)

        var exitCode: Int32 {
            switch self {
            case .exited(let code): code
            case .killed(let signal): 128 + signal
            }
        }

        var text: String {
            switch self {
            case .exited(let code): "exit code \(code)"
            case .killed(let signal): "killed by signal \(signal)"
            }
        }
    }

    private let process: pid_t

    /// Starts the command with some variables more in its environment.
    init(_ command: Command, environment additions: [(name: String, value: String)]) throws(Failure)
    {
        for (name, value) in additions { setenv(name, value, 1) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // It shall know nothing of the signals that are blocked here.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments = command.arguments.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let failure = posix_spawn(&process, command.path, nil, &attributes, &arguments, environ)
        guard failure == 0 else {
            let reason = String(cString: strerror(failure))
            throw Failure(Exit.notFound, "cannot start \(shown(command.path)): \(reason)")
        }
        self.process = process
    }

    /// Passes a signal on, unless the terminal has sent it to the command as well.
    func pass(_ signal: Signal) {
        if !signal.isFromTerminal { kill(process, signal.number) }
    }

    /// Waits for its end. It stays a zombie, so that its number is nobody else's, until `reap`.
    func end() async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                var info = siginfo_t()
                while waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
                continuation.resume()
            }
        }
    }

    func reap() -> Ending {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal)
    }
}
