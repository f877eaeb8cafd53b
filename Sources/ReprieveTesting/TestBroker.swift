// SPDX-License-Identifier: Apache-2.0

public import Logging
public import Reprieve
internal import ReprieveBroker
internal import ReprieveProtocol
internal import Synchronization

/// A broker in the test's own process, with a clock that the test advances: it shows what a
/// component answers, without sockets and without sleeping.
///
/// It is the broker that `reprieved` runs, and the component's library is the real one. Only the
/// socket between them is replaced.
///
///     let broker = TestBroker()
///     let camera = Camera(updates: broker.updates(for: "com.example.Camera"))
///     let running = Task { try await camera.run() }
///
///     let gate = await broker.announce("d-42")
///     #expect(await gate.answer(of: "com.example.Camera") == .deferred(for: .seconds(30), …))
///     await broker.advance(by: .seconds(30))
///     #expect(await gate.state == .released(.consent))
public struct TestBroker: Sendable {
    let broker = InProcessBroker()
    private let newcomers = Newcomers()

    public init() {}

    /// The `Updates` for the component under test. The test or the component calls its `run()`;
    /// until then a scope of `deferring` waits for 3 seconds of the broker's clock.
    public func updates(
        for component: String,
        logger: Logger = Logger(label: "reprieve")
    ) -> Updates {
        newcomers.names.withLock { $0.append(component) }
        let environment = InProcessEnvironment(broker: broker, endpoint: .components)
        return Updates(component, "the test's broker", logger, in: environment)
    }

    /// Announces an update. The gate waits for the components that it concerns and for which
    /// `updates(for:)` was called, even if they have not connected yet.
    ///
    /// A duration that is nil has the default of `reprieved`.
    public func announce(
        _ deploymentID: String,
        reason: String? = nil,
        disruption: Disruption = .components,
        components: [String] = [],
        responseTimeout: Duration? = nil,
        deadline: Duration? = nil,
        maximumDeferral: Duration? = nil,
        maximumTotalDeferral: Duration? = nil
    ) async -> TestGate {
        var policy = PolicyShape()
        policy.responseTimeoutMs = responseTimeout?.milliseconds
        policy.deadlineMs = deadline?.milliseconds
        policy.maxDeferMs = maximumDeferral?.milliseconds
        policy.maxTotalDeferMs = maximumTotalDeferral?.milliseconds
        // A newcomer is only waited for: the test has not said that the update requires it.
        policy.onAbsence = .proceed
        policy.require = newcomers.names.withLock { names in
            names.filter { components.isEmpty || components.contains($0) }
        }
        var request = GateRequest(
            deploymentID: deploymentID,
            reason: reason,
            disruption: disruption,
            components: components.isEmpty ? nil : components,
            policy: policy
        )
        request.completesLater = true
        let gate = TestGate(request, at: broker)
        gate.open()
        await broker.settle()
        return gate
    }

    /// Advances the clock of the broker and of the library. All that is due meanwhile happens, each
    /// at its moment.
    public func advance(by time: Duration) async {
        precondition(time >= .zero, "time only goes forward")
        await broker.advance(to: broker.clock.elapsed + time)
    }

    /// Returns when all has been done that is due now.
    ///
    /// It waits for the library and for the closures that it runs, on the main actor and on actors
    /// without an executor of their own. It does not wait for tasks that the component starts;
    /// `TestGate.answer(of:)` and `TestGate.end()` wait for what these lead to.
    public func settle() async {
        await broker.settle()
    }

    /// Stops the broker, as a crash does: all connections break, and none can be made.
    public func stop() async {
        await broker.stop()
    }

    /// Starts the broker again, with what it had written down. Components return within 5 seconds
    /// of the broker's clock.
    public func start() async {
        broker.start()
        await broker.settle()
    }
}

/// The components that may not have connected yet.
private final class Newcomers: Sendable {
    let names = Mutex<[String]>([])
}

extension Duration {
    /// Whole milliseconds. The broker refuses negative ones.
    fileprivate var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        guard seconds.magnitude < Int64.max / 1_000 - 1 else { return seconds < 0 ? .min : .max }
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }
}
