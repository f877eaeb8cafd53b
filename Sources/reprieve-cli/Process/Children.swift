// SPDX-License-Identifier: Apache-2.0

internal import CProcess
internal import Glibc
internal import Synchronization

/// The processes that this program has started. It has other children too, as the first process of
/// a container or as the successor of a shell; these are only waited for, so that they do not stay
/// zombies.
enum Children {
    private static let started = Mutex<Set<pid_t>>([])
    private static let reapsOthers = Mutex(false)

    /// From now on other children are waited for, too: this is the program that they belong to.
    static func takeOverOthers() {
        reapsOthers.withLock { $0 = true }
        reapOthers()
    }

    /// `body` returns the new child, or an error number.
    static func start(_ body: () -> Result<pid_t, Errno>) -> Result<pid_t, Errno> {
        started.withLock { started in
            let result = body()
            if case .success(let process) = result { started.insert(process) }
            return result
        }
    }

    /// Takes the status of a child that has ended.
    static func reap(_ process: pid_t) -> Int32 {
        let status = started.withLock { started in
            started.remove(process)
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            return status
        }
        reapOthers()
        return status
    }

    static func reapOthers() {
        guard reapsOthers.withLock({ $0 }) else { return }
        started.withLock { started in
            while case let process = process_ended_child(), process > 0,
                !started.contains(process)
            {
                waitpid(process, nil, WNOHANG)
            }
        }
    }

    struct Errno: Error, Hashable {
        let number: Int32
        var text: String { String(cString: strerror(number)) }

        /// Whether the file is perhaps being replaced, or the system short of something.
        var isPassing: Bool {
            [ETXTBSY, ENOENT, EACCES, EAGAIN, ENOMEM, ENFILE, EMFILE].contains(number)
        }
    }
}
