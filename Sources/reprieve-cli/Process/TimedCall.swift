// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Synchronization

/// The result of a call that blocks, such as one to a bus; nil if it does not come in time. The
/// call then goes on, and the program does not wait for it.
func result<Result: Sendable>(
    within timeout: DispatchTimeInterval = .seconds(2),
    of call: @escaping @Sendable () -> Result
) async -> Result? {
    await withCheckedContinuation { continuation in
        let answer = Answer(continuation)
        // Queues of their own have threads at once, whatever the others wait for.
        DispatchQueue(label: "call").async { answer.give(call()) }
        DispatchQueue(label: "time-out").asyncAfter(deadline: .now() + timeout) {
            answer.give(nil)
        }
    }
}

/// The first answer counts.
private final class Answer<Result: Sendable>: Sendable {
    private let waiting: Mutex<CheckedContinuation<Result?, Never>?>

    init(_ continuation: CheckedContinuation<Result?, Never>) {
        waiting = Mutex(continuation)
    }

    func give(_ result: Result?) {
        waiting.withLock { $0.take() }?.resume(returning: result)
    }
}
