// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Glibc

/// The operator's command that says whether the device is steady.
struct HealthCommand: Sendable {
    let words: [String]
    let timeout: Duration

    /// Nil for a healthy device, else what is wrong. It blocks.
    func run() -> String? {
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own, so that all of it can be ended.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        var process = pid_t()
        let failure = posix_spawn(&process, words[0], nil, &attributes, arguments, environ)
        guard failure == 0 else { return "\(words[0]): \(String(cString: strerror(failure)))" }
        return wait(for: process)
    }

    private func wait(for process: pid_t) -> String? {
        let end = DispatchWorkItem { kill(-process, SIGKILL) }
        let milliseconds = Int(timeout / .milliseconds(1))
        DispatchQueue.global().asyncAfter(
            deadline: .now() + .milliseconds(milliseconds),
            execute: end
        )
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        end.cancel()
        if status == 0 { return nil }
        let signal = status & 0x7F
        return signal == 0
            ? "\(words[0]) exits with \((status >> 8) & 0xFF)"
            : "\(words[0]) is ended by signal \(signal)"
    }
}
