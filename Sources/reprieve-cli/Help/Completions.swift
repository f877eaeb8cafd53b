// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Dispatch
internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import Synchronization

extension CompletionKind {
    /// The ids of the updates that wait or are under way.
    static var updates: CompletionKind {
        .custom { words, _, _ in
            status(for: words).map { completions($0.updates.map(\.deploymentID)) } ?? []
        }
    }

    /// The names of the components that are connected, take part in an update, or are required.
    static var components: CompletionKind {
        .custom { words, _, _ in status(for: words).map { completions($0.knownComponents) } ?? [] }
    }
}

extension StatusShape {
    fileprivate var knownComponents: [String] {
        let participants = updates.flatMap { $0.participants.map(\.component) }
        return Set(components.map(\.component) + participants + missing).sorted()
    }
}

/// A shell splits what it is given at spaces, and may expand the rest.
private func completions(_ texts: [String]) -> [String] {
    texts.filter { text in
        text.allSatisfy { $0.isLetter || $0.isNumber || "-_.@/+".contains($0) }
    }
}

/// The status, where it comes soon: a user waits for it. The parser asks on the main thread.
private func status(for words: [String]) -> StatusShape? {
    let path = words.firstIndex(of: "--control-socket").flatMap {
        $0 + 1 < words.count ? words[$0 + 1] : nil
    }
    let found = Mutex<StatusShape?>(nil)
    let isDone = DispatchSemaphore(value: 0)
    Task.detached {
        let status = await status(of: ControlClient(path: path), within: .milliseconds(500))
        found.withLock { $0 = status }
        isDone.signal()
    }
    isDone.wait()
    return found.withLock { $0 }
}

/// The status, or nil if the broker does not say it in time. What was begun is not waited for.
func status(of control: ControlClient, within limit: Duration) async -> StatusShape? {
    await withCheckedContinuation { continuation in
        let first = Mutex<CheckedContinuation<StatusShape?, Never>?>(continuation)
        let resume: @Sendable (StatusShape?) -> Void = { status in
            first.withLock { $0.take() }?.resume(returning: status)
        }
        Task.detached { resume(try? await control.status()) }
        Task.detached {
            try? await Task.sleep(for: limit)
            resume(nil)
        }
    }
}
