// SPDX-License-Identifier: Apache-2.0

import Reprieve
import ReprieveTesting
import Testing

@Suite("Subscriptions", .timeLimit(.minutes(5))) struct SubscriptionTests {
    let broker = TestBroker()

    @Test func `say which updates are under way, also to one that asks later`() async throws {
        let gate = await broker.announce("d-1")
        #expect(await gate.end() == .released(.consent))
        try await broker.with(camera) { updates in
            for await underway in updates.subscriptions {
                #expect(underway == ["d-1"])
                break
            }
            for await underway in updates.subscriptions {
                #expect(underway == ["d-1"])
                break
            }
        }
    }

    @Test func `say that none is under way`() async throws {
        try await broker.with(camera) { updates in
            for await underway in updates.subscriptions {
                #expect(underway == [])
                break
            }
        }
    }
}
