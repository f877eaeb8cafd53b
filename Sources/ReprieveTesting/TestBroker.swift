// SPDX-License-Identifier: Apache-2.0

public import Logging
public import Reprieve
internal import ReprieveBroker
internal import ReprieveProtocol
internal import Synchronization

/// A broker in the test's own process, with a clock that the test turns: to see what a component
/// answers, without sockets and without sleeping.
///
/// It is the broker that `reprieved` runs, and the component's library is the real one; only the
/// bytes between them take a shorter way.
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

    /// What the component under test is given. Its `run()` is the test's, or the component's, to
    /// call, as ever.
    public func updates(
        for component: String,
        logger: Logger = Logger(label: "reprieve")
    ) -> Updates {
        newcomers.names.withLock { $0.append(component) }
        let surroundings = InProcessSurroundings(broker: broker, endpoint: .components)
        return Updates(component, "the test's broker", logger, in: surroundings)
    }

    /// Announces an update. Components that `updates(for:)` was called for, and that it concerns,
    /// are waited for even if they have not got round to connecting yet.
    ///
    /// What is nil has the default of `reprieved`.
    public func announce(
        _ deploymentID: String,
        reason: String? = nil,
        restartsNucleus: Bool = false,
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
        policy.require = newcomers.names.withLock { names in
            names.filter { components.isEmpty || components.contains($0) }
        }
        let request = GateRequest(
            deploymentID: deploymentID,
            reason: reason,
            isGgcRestarting: restartsNucleus,
            components: components.isEmpty ? nil : components,
            policy: policy
        )
        let gate = TestGate(request, at: broker)
        gate.open()
        await broker.settle()
        return gate
    }

    /// Turns the clock, for the broker and for the library, and lets everything happen that is due
    /// meanwhile, each at its moment.
    public func advance(by time: Duration) async {
        precondition(time >= .zero, "time only goes forward")
        await broker.advance(to: broker.clock.elapsed + time)
    }

    /// Lets everything happen that is due now.
    ///
    /// That is all that the library does, and closures that it runs, on any actor that has no
    /// executor of its own, or on the main one. For what a component does in tasks of its own,
    /// wait as usual; `TestGate.answer(of:)` and `TestGate.end()` wait for what comes of it.
    public func settle() async {
        await broker.settle()
    }

    /// Kills the broker: every connection breaks, none can be made.
    public func stop() async {
        await broker.stop()
    }

    /// Starts the broker again. It goes on with what it had promised before; components return
    /// within seconds of the hand-turned clock.
    public func start() async {
        broker.start()
        await broker.settle()
    }
}

/// Components that may not be there yet.
private final class Newcomers: Sendable {
    let names = Mutex<[String]>([])
}

extension Duration {
    fileprivate var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
