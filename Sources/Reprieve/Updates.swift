// SPDX-License-Identifier: Apache-2.0

public import Logging
internal import ReprieveTransport

/// A component's part in updates: it is told before it is interrupted, and may say "not now".
///
/// One for the program's life; copies are the same. `run()` is the long-running part, without
/// which nothing is heard. A component whose broker is away runs on undisturbed.
public struct Updates: Sendable {
    private let desk: Desk

    /// - Parameters:
    ///   - component: its name, such as `com.example.Camera`
    ///   - socket: the broker's; by default where Greengrass says it is, else where reprieved is
    public init(
        component: String,
        socket: String? = nil,
        logger: Logger = Logger(label: "reprieve")
    ) {
        let path = socket ?? SocketPath.component
        desk = Desk(component: component, path: path, logger: logger)
    }

    /// Listens for notices, and reconnects, until the task is cancelled. To be called once.
    public func run() async {
        await desk.run()
    }

    /// Has `answer` decide on each notice until the task is cancelled. While it thinks, the
    /// library defers on its behalf, so a slow answer is not silence.
    public func answer(_ answer: @escaping @Sendable (Notice) async -> Answer) async throws {
        desk.answer(with: answer)
        defer { desk.answer(with: nil) }
        let (never, _) = AsyncStream<Never>.makeStream()
        for await _ in never {}
        try Task.checkCancellation()
    }

    /// An update waits while `body` runs. Scopes may nest; the end of the last one lets go at
    /// once. Throws `updateUnderway`, and does not run `body`, if the gate has opened already.
    public func deferring<Result>(
        _ why: String,
        _ body: () async throws -> Result
    ) async throws -> Result {
        precondition(!why.isEmpty, "a deferral has a reason")
        let hold = try await desk.hold(why)
        defer { desk.letGo(hold) }
        return try await body()
    }
}

/// Takes part in updates while `body` runs: the short form for small programs.
public func withUpdates<Result>(
    component: String,
    _ body: (Updates) async throws -> Result
) async rethrows -> Result {
    let updates = Updates(component: component)
    let running = Task { await updates.run() }
    defer { running.cancel() }
    return try await body(updates)
}
