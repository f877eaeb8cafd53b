// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
@preconcurrency internal import Glibc
internal import Synchronization
internal import Systemd

/// A command that runs apart, for a limited time, and whose output is caught.
final class Captive: Sendable {
    struct Result: Hashable, Sendable {
        let ending: Child.Ending
        let output: [UInt8]
        /// It was told to end.
        let wasEnded: Bool
    }

    private struct State {
        var hasEnded = false
        var wasTold = false
    }

    private let child: Child
    private let output: Catch
    private let state = Mutex(State())

    init(
        _ command: Command,
        environment: [(name: String, value: String)]
    ) throws {
        let pipe = try Pipe()
        output = Catch(from: pipe)
        child = try Child(command, environment: environment, in: .apart(output: pipe.writingEnd))
    }

    /// Waits for its end. At `limit`, or when the task is cancelled, it and all that it has
    /// started are told to end, and after `grace` more they are killed.
    func end(within limit: Duration, grace: Duration) async -> Result {
        let limiting = Task {
            try await Task.sleep(for: limit)
            tell(SIGTERM)
        }
        let killing = Task {
            try await Task.sleep(for: limit + grace)
            tell(SIGKILL)
        }
        await withTaskCancellationHandler {
            await child.end()
        } onCancel: {
            tell(SIGTERM)
            Task {
                try await Task.sleep(for: grace)
                tell(SIGKILL)
            }
        }
        limiting.cancel()
        killing.cancel()
        return finished()
    }

    private func tell(_ signal: Int32) {
        state.withLock { state in
            guard !state.hasEnded else { return }
            state.wasTold = true
            child.signalAll(signal)
        }
    }

    private func finished() -> Result {
        let wasTold = state.withLock { state in
            state.hasEnded = true
            return state.wasTold
        }
        // What it started may not heed SIGTERM. Its number is still taken: it is a zombie.
        if wasTold { child.signalAll(SIGKILL) }
        return Result(ending: child.reap(), output: output.soFar(), wasEnded: wasTold)
    }
}

/// What a command writes: read as it comes, kept up to a limit.
private final class Catch: Sendable {
    /// Bytes. What goes beyond is dropped.
    private static let limit = 64 * 1_024

    private let pipe: Pipe
    private let queue = DispatchQueue(label: "output")
    private let source: Mutex<any DispatchSourceRead>
    private let bytes = Mutex<[UInt8]>([])

    init(from pipe: Pipe) {
        self.pipe = pipe
        _ = fcntl(pipe.readingEnd, F_SETFL, O_NONBLOCK)
        source = Mutex(
            DispatchSource.makeReadSource(fileDescriptor: pipe.readingEnd, queue: queue)
        )
        source.withLock { source in
            source.setEventHandler { [weak self] in self?.read() }
            source.setCancelHandler {
                close(pipe.readingEnd)
                // Open until now: a pipe without a writer is readable for ever.
                close(pipe.writingEnd)
            }
            source.activate()
        }
    }

    deinit { source.withLock { $0.cancel() } }

    /// Everything that is there now: what the command left running may go on writing.
    func soFar() -> [UInt8] {
        queue.sync { read() }
        return bytes.withLock { $0 }
    }

    private func read() {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = Glibc.read(pipe.readingEnd, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes.withLock { $0 += buffer.prefix(min(count, Self.limit - $0.count)) }
        }
    }
}
