// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
@preconcurrency internal import Glibc

/// A command that runs.
struct Child: Sendable {
    /// What it has of this program's.
    enum Place: Hashable, Sendable {
        /// The same input, output and process group.
        case foreground
        /// No input, a pipe for its output, and a process group of its own.
        case apart(output: Int32)
    }

    enum Ending: Hashable, Sendable {
        case exited(Int32)
        case killed(Int32)

        var exitCode: Int32 {
            switch self {
            case .exited(let code): code
            case .killed(let signal): 128 + signal
            }
        }

        var isGood: Bool { self == .exited(0) }

        var isKilled: Bool {
            if case .killed = self { true } else { false }
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
    init(
        _ command: Command,
        environment additions: [(name: String, value: String)],
        in place: Place = .foreground
    ) throws(Failure) {
        var process: pid_t = 0
        let failure = place.withSettings { actions, attributes in
            withCStrings(command.arguments) { arguments in
                withCStrings(environment(with: additions)) { environment in
                    posix_spawn(
                        &process,
                        command.path,
                        &actions,
                        &attributes,
                        arguments,
                        environment
                    )
                }
            }
        }
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

    /// Sends a signal to a command that runs apart, and to all that it has started.
    func signalAll(_ number: Int32) {
        kill(-process, number)
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

extension Child.Place {
    fileprivate func withSettings(
        _ body: (inout posix_spawn_file_actions_t, inout posix_spawnattr_t) -> Int32
    ) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // It shall know nothing of the signals that are blocked here.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var flags = Int32(POSIX_SPAWN_SETSIGMASK)
        if case .apart(let output) = self {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_adddup2(&actions, output, 1)
            flags |= Int32(POSIX_SPAWN_SETPGROUP)
        }
        posix_spawnattr_setflags(&attributes, Int16(flags))
        return body(&actions, &attributes)
    }
}

/// This program's environment, changed, as `NAME=value`.
private func environment(with additions: [(name: String, value: String)]) -> [String] {
    var variables: [String] = []
    var next = environ
    while let entry = next.pointee {
        let variable = String(cString: entry)
        if !additions.contains(where: { variable.hasPrefix($0.name + "=") }) {
            variables.append(variable)
        }
        next += 1
    }
    return variables + additions.map { $0.name + "=" + $0.value }
}

private func withCStrings(
    _ texts: [String],
    _ body: ([UnsafeMutablePointer<CChar>?]) -> Int32
) -> Int32 {
    let pointers = texts.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
}
