// SPDX-License-Identifier: Apache-2.0

internal import Systemd

extension ShutdownBlocker {
    /// Says on standard error who blocks a reboot. Says nothing without a bus, or if the bus does
    /// not answer: that must not delay the end of the program for long.
    static func report() async {
        for blocker in await result(of: { (try? Self.all()) ?? [] }) ?? [] {
            let who = "\(shown(blocker.who)) (uid \(blocker.user), pid \(blocker.process))"
            let text = "a shutdown is blocked by \(who): \(shown(blocker.why))"
            OutputStream.error.line("reprieve: " + text)
        }
    }
}
