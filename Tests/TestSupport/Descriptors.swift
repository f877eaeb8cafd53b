// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How many descriptors this process has open. Timers are not counted: the language's runtime makes
/// one when it first needs it, and keeps it.
package func openDescriptors() -> Int {
    (0..<4_096).count { fcntl($0, F_GETFD) >= 0 && !isTimer($0) }
}

private func isTimer(_ descriptor: Int32) -> Bool {
    var target = [CChar](repeating: 0, count: 64)
    let length = readlink("/proc/self/fd/\(descriptor)", &target, target.count)
    return target.prefix(max(0, length)).elementsEqual(
        "anon_inode:[timerfd]".utf8CString.dropLast()
    )
}

/// Waits until no more descriptors are open than `before`. A connection's thread ends a moment
/// after the connection; a leak is never closed, and is trapped.
package func expectNoDescriptors(beyond before: Int) async {
    let end = ContinuousClock.now + .seconds(20)
    while openDescriptors() > before {
        precondition(.now < end, "\(openDescriptors() - before) descriptors are left open")
        await Task.yield()
    }
}

/// Takes away this process's right to open the file at `path`.
package func forbidOpening(_ path: String) {
    chmod(path, 0)
    // Modes do not hold for root.
    if getuid() == 0 { seteuid(65_534) }
}
