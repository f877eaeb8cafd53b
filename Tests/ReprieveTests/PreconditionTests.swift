// SPDX-License-Identifier: Apache-2.0

import Reprieve
import TestSupport
import Testing

/// Mistakes in a program end it, with a sentence.
@Suite("A programmer's mistake") struct PreconditionTests {
    @Test func `in an answer is trapped`() async {
        await #expect(processExitsWith: .failure) {
            limitProcess(.succeeds)
            _ = Answer.defer(for: .seconds(1), because: "")
        }
    }

    @Test func `in a scope is trapped`() async {
        await #expect(processExitsWith: .failure) {
            limitProcess(.succeeds)
            try await Updates(component: camera, socket: "/tmp/no-such-socket").deferring("") {}
        }
    }

    @Test func `in running twice, or answering twice, is trapped`() async {
        await #expect(processExitsWith: .failure) {
            limitProcess(.succeeds)
            let updates = Updates(component: camera, socket: "/tmp/no-such-socket")
            async let _: Void = updates.run()
            await updates.run()
        }
        await #expect(processExitsWith: .failure) {
            limitProcess(.succeeds)
            let updates = Updates(component: camera, socket: "/tmp/no-such-socket")
            async let _: Void = updates.answer { _ in .acknowledge }
            try await updates.answer { _ in .acknowledge }
        }
    }
}
