// SPDX-License-Identifier: Apache-2.0

import Logging
import Reprieve
import ReprieveProtocol
import ScriptedBroker
import Synchronization
import TestSupport
import Testing

/// Calls back from each log message, as the log handler of a program may.
private struct CallingLogHandler: LogHandler {
    let call: @Sendable () -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { call() }
}

private final class Caller: Sendable {
    let updates = Mutex<Updates?>(nil)
}

@Suite("A log handler", .timeLimit(.minutes(5))) struct LoggerTests {
    @Test func `may call the library`() async {
        // In a process of its own, since a lock that is taken twice ends it.
        await #expect(processExitsWith: .success) {
            limitProcess()
            let broker = broker(first: [notice(1)], refuses: { _ in true })
            let caller = Caller()
            let (calls, called) = AsyncStream<Void>.makeStream()
            let logger = Logger(label: "test") { _ in
                CallingLogHandler {
                    caller.updates.withLock { $0 }?.reconsider()
                    called.yield()
                }
            }
            let updates = Updates(component: camera, socket: broker.path, logger: logger)
            caller.updates.withLock { $0 = updates }
            async let _: Void = updates.run()
            async let _: Void = updates.answer { _ in .defer(for: .seconds(1), because: "busy") }
            var count = 0
            for await _ in calls {
                count += 1
                if count == 2 { break }
            }
        }
    }
}
