// SPDX-License-Identifier: Apache-2.0

public import Logging
package import ReprieveTransport

/// A component's part in updates: it is told before it is interrupted, and may say "not now".
///
/// One for the program's life; copies are the same. `run()` is the long-running part, without
/// which nothing is heard. A component whose broker is away runs on undisturbed: the library
/// connects and subscribes again by itself, and answers again from what it knows.
public struct Updates: Sendable {
    private let participation: Participation

    /// - Parameters:
    ///   - component: its name, such as `com.example.Camera`
    ///   - socket: the broker's; by default where Greengrass says it is, else where reprieved is
    ///   - logger: is told when the broker cannot be reached, and why; once, until that changes
    public init(
        component: String,
        socket: String? = nil,
        logger: Logger = Logger(label: "reprieve")
    ) {
        self.init(component, socket, logger, in: RealSurroundings())
    }

    package init(
        _ component: String,
        _ socket: String?,
        _ logger: Logger,
        in surroundings: any Surroundings
    ) {
        participation = Participation(
            component: component,
            path: socket ?? SocketPath.component,
            logger: logger,
            in: surroundings
        )
    }

    func willRun() {
        participation.willRun()
    }

    /// Listens for notices, and reconnects, until the task is cancelled. To be called once.
    public func run() async {
        await participation.run()
    }

    /// Has `answer` decide on each notice, until the task is cancelled. Then it throws a
    /// `CancellationError`.
    ///
    /// What the closure returns is the answer. While it thinks, the library defers on its behalf,
    /// so a slow answer is not silence. Closures for different updates may run at the same time;
    /// for one update, neither they nor what follows them ever do.
    public func answer(_ answer: @escaping @Sendable (Notice) async -> Answer) async throws {
        await participation.answer(answer)
        try Task.checkCancellation()
    }

    /// Has the closure of `answer` decide again on the updates that it has put off, before their
    /// time is over: the recording has ended early.
    public func reconsider() {
        participation.handle(.reconsidered)
    }

    /// An update waits while `body` runs. Scopes may nest; the end of the last one lets go at
    /// once.
    ///
    /// - Parameters:
    ///   - why: what operators see while they wait
    ///   - ifUnderway: what to do if the gate has opened already. By default `updateUnderway` is
    ///     thrown, and `body` does not run
    ///   - body: what must not be interrupted
    ///   - onLastCall: is told, while `body` runs, that an update will not wait for its end; at
    ///     most once for each update
    public func deferring<Result>(
        _ why: String,
        ifUnderway: IfUnderway = .throw,
        _ body: () async throws -> Result,
        onLastCall: @escaping @Sendable (LastCall) async -> Void = { _ in }
    ) async throws -> Result {
        precondition(!why.isEmpty, "a deferral has a reason, which operators see")
        let hold = try await participation.hold(why, ifUnderway, onLastCall)
        defer { participation.letGo(hold) }
        return try await body()
    }

    /// What becomes of updates, from now on. What ended while nobody listened, such as an update
    /// that restarted this program, comes first to whoever does.
    public var outcomes: some AsyncSequence<EndedUpdate, Never> & Sendable {
        participation.outcomes()
    }
}

/// Takes part in updates while `body` runs: the short form for small programs.
public func withUpdates<Result>(
    component: String,
    socket: String? = nil,
    logger: Logger = Logger(label: "reprieve"),
    _ body: (Updates) async throws -> Result
) async rethrows -> Result {
    let updates = Updates(component: component, socket: socket, logger: logger)
    updates.willRun()
    // Cancelled and waited for when the body is done.
    async let _: Void = updates.run()
    return try await body(updates)
}
