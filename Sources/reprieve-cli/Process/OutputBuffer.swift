// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
@preconcurrency internal import Glibc
internal import Synchronization
internal import Systemd

/// The output of a child process: read from a pipe as it comes, and kept up to a limit.
final class OutputBuffer: Sendable {
    /// Bytes. What exceeds them is dropped.
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
                // Kept open until now: a pipe without a writer is always readable.
                close(pipe.writingEnd)
            }
            source.activate()
        }
    }

    deinit { source.withLock { $0.cancel() } }

    /// All output until now. Descendants of the child may go on writing.
    func contents() -> [UInt8] {
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
