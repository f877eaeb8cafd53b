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

        var text: String {
            switch self {
            case .exited(let code): "exit code \(code)"
            case .killed(let signal): "killed by signal \(signal)"
            }
        }
    }

    private let process: pid_t

    /// Starts a program with additional variables in its environment.
    init(
        _ executable: Executable,
        environment additions: [(name: String, value: String)],
        in mode: Mode = .foreground
    ) throws(Failure) {
        var process: pid_t = 0
        let failure = mode.withSettings { actions, attributes in
            withCStrings(executable.arguments) { arguments in
                withCStrings(environment(with: additions)) { environment in
                    posix_spawn(
                        &process,
                        executable.path,
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
            throw Failure(.notFound, "cannot start \(shown(executable.path)): \(reason)")
        }
        self.process = process
    }

    /// Forwards a signal, unless the terminal has sent it to the child as well.
    func forward(_ signal: Signal) {
        if !signal.isFromTerminal { kill(process, signal.number) }
    }

    /// Sends a signal to the process group of a background child.
    func signalGroup(_ number: Int32) {
        kill(-process, number)
    }

    /// Waits until the child ends. It remains a zombie until `reap`, so that its process id is not
    /// reused.
    func waitForEnd() async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                var info = siginfo_t()
                while waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
                continuation.resume()
            }
        }
    }

    func reap() -> Termination {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal)
    }
}

extension ChildProcess.Mode {
    fileprivate func withSettings(
        _ body: (inout posix_spawn_file_actions_t, inout posix_spawnattr_t) -> Int32
    ) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The child must not inherit the blocked signals of this program.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var flags = Int32(POSIX_SPAWN_SETSIGMASK)
        if self == .diagnostic { posix_spawn_file_actions_adddup2(&actions, 2, 1) }
        if case .background(let output) = self {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_adddup2(&actions, output, 1)
            flags |= Int32(POSIX_SPAWN_SETPGROUP)
        }
        posix_spawnattr_setflags(&attributes, Int16(flags))
        return body(&actions, &attributes)
    }
}

/// This program's environment with changes, as `NAME=value`.
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
