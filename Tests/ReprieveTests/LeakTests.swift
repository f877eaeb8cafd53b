// SPDX-License-Identifier: Apache-2.0

import Reprieve
import ScriptedBroker
import TestSupport
import Testing

/// Each in a process of its own, whose descriptors can be counted.
@Suite("What is cancelled", .timeLimit(.minutes(5))) struct LeakTests {
    /// Takes part, and is cancelled after so many events at the nucleus.
    private static func takePart(in nucleus: PlainNucleus, events: Int) async {
        let task = Task {
            await withUpdates(component: camera, socket: nucleus.path) { updates in
                async let _: Void = updates.deferring("writing") { await Latch().wait() }
                try? await updates.answer { _ in
                    await Latch().wait()
                    return .acknowledge
                }
            }
        }
        for count in 0..<events {
            if count == 2 { nucleus.announce("d-1") }
            _ = await nucleus.next()
        }
        task.cancel()
        await task.value
        while events > 0, let event = await nucleus.next(), event != .hungUp {}
    }

    @Test func `leaves no descriptor, whenever it is cancelled`() async {
        await #expect(processExitsWith: .success) {
            limitProcess()
            // A task that is cancelled at once gets to an unknown point: it has its own nucleus.
            let (nucleus, hasty) = (PlainNucleus(tokens: [camera]), PlainNucleus(tokens: [camera]))
            await Self.takePart(in: nucleus, events: 3)
            let before = openDescriptors()
            for _ in 0..<10 {
                await Self.takePart(in: hasty, events: 0)
                for events in 1...3 { await Self.takePart(in: nucleus, events: events) }
            }
            await expectNoDescriptors(beyond: before)
        }
    }

    @Test func `leaves no stream on a connection that lives on`() async throws {
        let nucleus = PlainNucleus(tokens: [camera])
        let updates = Updates(component: camera, socket: nucleus.path)
        async let _: Void = updates.run()
        _ = (await nucleus.next(), await nucleus.next())
        for round in 0..<100 {
            nucleus.announce("d-\(round)")
            let task = Task { try await updates.deferring("writing") { await Latch().wait() } }
            task.cancel()
            _ = await task.result
            _ = updates.outcomes
            nucleus.finish("d-\(round)")
        }
        while nucleus.openStreams > 1, !Task.isCancelled { await Task.yield() }
        #expect(nucleus.openStreams == 1)
    }
}
