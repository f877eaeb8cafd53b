// SPDX-License-Identifier: Apache-2.0

/// The payloads that answer a request: the response, then the events of a stream. Throws the
/// `ErrorShape` of the broker, or the `ConnectionError` that ended the connection. The stream is
/// closed when the iteration stops.
package struct Replies: AsyncSequence, Sendable {
    /// Says that the inbox is no longer empty, and how the replies end.
    fileprivate typealias Signals = AsyncThrowingStream<Void, any Error>

    /// The end at which they arrive.
    struct Continuation: Sendable {
        fileprivate let inbox: Inbox
        fileprivate let signals: Signals.Continuation

        /// Returns false if the inbox is full.
        func yield(_ payload: [UInt8]) -> Bool {
            guard inbox.put(payload) else { return false }
            signals.yield()
            return true
        }

        func finish(throwing error: (any Error)? = nil) {
            signals.finish(throwing: error)
        }

        /// `handle` is called when the iteration stops.
        func onCancel(_ handle: @escaping @Sendable () -> Void) {
            signals.onTermination = { reason in
                if case .cancelled = reason { handle() }
            }
        }
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let inbox: Inbox
        fileprivate var signals: Signals.AsyncIterator

        /// The next payload that has arrived; nil if there is none.
        package func nextUnread() -> [UInt8]? { inbox.take() }

        package mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws -> [UInt8]? {
            while true {
                if Task.isCancelled { inbox.close() }
                if let payload = inbox.take() { return payload }
                guard try await signals.next(isolation: actor) != nil else { return nil }
            }
        }
    }

    private let inbox: Inbox
    private let signals: Signals

    static func makeStream(
        of kind: Inbox.Kind = .events
    ) -> (replies: Replies, continuation: Continuation) {
        let inbox = Inbox(of: kind)
        let (signals, continuation) = Signals.makeStream(bufferingPolicy: .bufferingNewest(1))
        return (
            Replies(inbox: inbox, signals: signals),
            Continuation(inbox: inbox, signals: continuation)
        )
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(inbox: inbox, signals: signals.makeAsyncIterator())
    }
}
