// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Synchronization
internal import Systemd

extension ShutdownBlocker {
    /// A bus that does not answer must not delay the end of the program for long.
    private static let timeout = DispatchTimeInterval.seconds(2)

    /// Says on standard error who blocks a reboot. Says nothing without a bus.
    static func report() async {
        for blocker in await inTime() {
            let who = "\(shown(blocker.who)) (uid \(blocker.user), pid \(blocker.process))"
            let text = "a shutdown is blocked by \(who): \(shown(blocker.why))"
            OutputStream.error.line("reprieve: " + text)
        }
    }

    private static func inTime() async -> [ShutdownBlocker] {
        await withCheckedContinuation { continuation in
            let answer = Answer(continuation)
            DispatchQueue.global().async { answer.give((try? Self.all()) ?? []) }
            DispatchQueue.global().asyncAfter(deadline: .now() + timeout) { answer.give([]) }
        }
    }
}

/// The first answer counts.
private final class Answer: Sendable {
    private let waiting: Mutex<CheckedContinuation<[ShutdownBlocker], Never>?>

    init(_ continuation: CheckedContinuation<[ShutdownBlocker], Never>) {
        waiting = Mutex(continuation)
    }

    func give(_ blockers: [ShutdownBlocker]) {
        waiting.withLock { $0.take() }?.resume(returning: blockers)
    }
}
