// SPDX-License-Identifier: Apache-2.0

public import Logging
package import ReprieveTransport

/// A component's part in updates: it is asked before it is interrupted, and may say "not now".
///
/// One for the program's life; copies are the same. While `run()` runs, it is connected to the
/// broker; without that no notice arrives. Where there is no broker, the component runs on
/// undisturbed: the library connects and subscribes again by itself.
public struct Updates: Sendable {
    private let participation: Participation

    /// - Parameters:
    ///   - component: the component's name, such as `com.example.Camera`: 1 to 128 letters, digits
    ///     and `._-@:+`
    ///   - socket: the path of the broker's socket; by default the one that Greengrass names, else
    ///     that of reprieved
    ///   - logger: for a broker that cannot be reached, with the reason; once, until that changes
    public init(
        component: String,
        socket: String? = nil,
        logger: Logger = Logger(label: "reprieve")
    ) {
        self.init(component, socket, logger, in: SystemEnvironment())
    }

    package init(
        _ component: String,
        _ socket: String?,
        _ logger: Logger,
        in environment: any ClientEnvironment
    ) {
        participation = Participation(
            component: component,
            path: socket ?? SocketPath.component,
            logger: logger,
            in: environment
        )
    }

    /// Takes part in updates, and reconnects, until the task is cancelled. To be called once.
    public func run() async {
        await participation.run()
    }

    /// Has `answer` decide on each notice until the task is cancelled; then it throws a
    /// `CancellationError`. One call at a time.
    ///
    /// The value that the closure returns is the answer. While it runs, the library defers on its
    /// behalf, so a slow answer is not silence. Closures for different updates may run at the same
    /// time; for one update, neither they nor their follow-ups ever do.
    ///
    /// A closure that runs when the task is cancelled still gives its answer, if that comes before
    /// the next notice of its update and before the next call of `answer`. Without a closure,
    /// notices are acknowledged.
    public func answer(_ answer: @escaping @Sendable (Notice) async -> Answer) async throws {
        await participation.answer(answer)
        try Task.checkCancellation()
    }

    /// Has the closure of `answer` decide again on the updates that it has deferred, before the
    /// deferrals end: the recording has ended early.
    public func reconsider() {
        participation.handle(.reconsidered)
    }

    /// Makes updates wait while `body` runs. Scopes may nest; the end of the last one lets updates
    /// go ahead at once.
    ///
    /// No scope begins before the broker has said which updates are under way, also if `run()` has
    /// only just started, or starts a moment later. That takes 3 seconds at most. Where no broker
    /// listens, the scope does not wait.
    ///
    /// Throws an `UpdatesError` if an update stands in its way, a `CancellationError` if the task
    /// is cancelled before `body` begins, else the errors of `body`.
    ///
    /// - Parameters:
    ///   - why: the reason, which operators see; not empty
    ///   - ifUnderway: what to do if an update is under way. By default the scope throws
    ///   - ifWaiting: what to do if an update waits. By default the scope begins. A scope inside
    ///     another one has the default: it must not wait for an update that waits for the other
    ///   - body: what must not be interrupted
    ///   - onLastCall: is called, while `body` runs, when an update will not wait for its end; at
    ///     most once for each update
    public func deferring<Result>(
        _ why: String,
        ifUnderway: IfUnderway = .throw,
        ifWaiting: IfWaiting = .start,
        _ body: () async throws -> Result,
        onLastCall: @escaping @Sendable (LastCall) async -> Void = { _ in }
    ) async throws -> Result {
        precondition(!why.isEmpty, "a deferral has a reason, which operators see")
        let scope = try await participation.open(why, ifUnderway, ifWaiting, onLastCall)
        defer { participation.close(scope) }
        return try await body()
    }

    /// The updates that end from now on. Those that ended while there was no listener, such as an
    /// update that restarted this program, come first to the next one: 16 at most.
    public var outcomes: some AsyncSequence<EndedUpdate, Never> & Sendable {
        participation.outcomes()
    }

    /// What the broker says whenever it has accepted the subscription: the ids of the updates that
    /// are under way. The current subscription comes first, if there is one.
    ///
    /// A component that remembers an update beyond its own death learns here whether that is over.
    /// Then the outcome follows, unless the component was told before, or the connection is lost:
    /// an update that the next subscription does not name is over. If the update waits, a notice
    /// follows.
    public var subscriptions: some AsyncSequence<[String], Never> & Sendable {
        participation.subscriptions()
    }
}

/// Takes part in updates while `body` runs: the short form for small programs. Throws the errors
/// of `body`. For the parameters see `Updates.init(component:socket:logger:)`.
public func withUpdates<Result>(
    component: String,
    socket: String? = nil,
    logger: Logger = Logger(label: "reprieve"),
    _ body: (Updates) async throws -> Result
) async rethrows -> Result {
    let updates = Updates(component: component, socket: socket, logger: logger)
    // Cancelled, and awaited, when the body has returned.
    async let _: Void = updates.run()
    return try await body(updates)
}
