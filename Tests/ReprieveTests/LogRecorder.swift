// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging

/// What was logged as a notice or worse, to be waited for line by line.
final class LogRecorder: Sendable {
    private let stream = AsyncStream<String>.makeStream()

    var logger: Logger {
        Logger(label: "test") { [continuation = stream.continuation] _ in
            Recorder(continuation: continuation)
        }
    }

    func next() async -> String {
        var lines = stream.stream.makeAsyncIterator()
        return await lines.next() ?? ""
    }
}

private struct Recorder: LogHandler {
    let continuation: AsyncStream<String>.Continuation
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.notice

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        continuation.yield("\(event.level): \(event.message)")
    }
}

func setEnvironment(_ name: String, _ value: String) {
    unsafe setenv(name, value, 1)
}
