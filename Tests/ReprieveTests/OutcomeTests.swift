// SPDX-License-Identifier: Apache-2.0

import Reprieve
import ReprieveTesting
import Testing

@Suite("The outcomes of updates", .timeLimit(.minutes(5))) struct OutcomeTests {
    let broker = TestBroker()

    @Test func `reach every listener, in order`() async throws {
        try await broker.with(camera) { updates in
            let (first, second) = (updates.outcomes, updates.outcomes)
            for id in ["d-1", "d-2"] {
                let gate = await broker.announce(id)
                await broker.advance(by: .seconds(1))
                #expect(await gate.end() == .released(.consent))
                try await gate.complete(id == "d-1" ? .applied : .rolledBack)
            }
            for listener in [first, second] {
                var heard: [String] = []
                for await ended in listener {
                    heard.append("\(ended.deploymentID) \(ended.outcome.rawValue)")
                    if heard.count == 2 { break }
                }
                #expect(heard == ["d-1 applied", "d-2 rolledBack"])
            }
        }
    }

    @Test func `wait for the next listener if there is none`() async throws {
        try await broker.with(camera) { updates in
            let gate = await broker.announce("d-1")
            await broker.advance(by: .seconds(1))
            #expect(await gate.end() == .released(.consent))
            try await gate.complete(.failed)
            for await ended in updates.outcomes {
                #expect(ended.outcome == .failed)
                break
            }
            let later = updates.outcomes
            let next = await broker.announce("d-2")
            #expect(await next.end() == .released(.consent))
            try await next.complete(.applied)
            for await ended in later {
                #expect(ended.deploymentID == "d-2")
                break
            }
        }
    }

    @Test func `are told once, also by a broker that repeats itself after its death`()
        async throws
    {
        try await broker.with(camera) { updates in
            let outcomes = updates.outcomes
            let gate = await broker.announce("d-1")
            await broker.advance(by: .seconds(1))
            #expect(await gate.end() == .released(.consent))
            try await gate.complete(.applied)
            await broker.stop()
            await broker.start()
            await broker.advance(by: .seconds(6))
            let next = await broker.announce("d-2")
            #expect(await next.end() == .released(.consent))
            try await next.complete(.applied)
            var heard: [String] = []
            for await ended in outcomes {
                heard.append(ended.deploymentID)
                if ended.deploymentID == "d-2" { break }
            }
            #expect(heard == ["d-1", "d-2"])
        }
    }
}
