// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Systemd

@Suite("Connections that wait") struct AcceptQueueTests {
    private func add(
        _ descriptors: ClosedRange<Int32>,
        of user: UInt32,
        to queue: inout AcceptQueue
    ) -> [Bool] {
        descriptors.map { queue.add($0, of: user) }
    }

    @Test func `leave in their order within a user, and users take turns`() {
        var queue = AcceptQueue { _ in 100 }
        _ = add(1...5, of: 1_000, to: &queue)
        _ = add(6...7, of: 1_001, to: &queue)
        var left: [Int32] = []
        while let descriptor = queue.next() { left.append(descriptor) }
        #expect(left == [1, 6, 2, 7, 3, 4, 5])
        #expect(queue.isEmpty)
    }

    @Test func `are limited for each user`() {
        var queue = AcceptQueue { $0 == 0 ? 3 : 2 }
        let own = add(1...4, of: 0, to: &queue)
        let others = add(5...7, of: 1_000, to: &queue)
        #expect(own == [true, true, true, false])
        #expect(others == [true, true, false])
        while queue.next() != nil {}
        let later = add(8...8, of: 1_000, to: &queue)
        #expect(later == [true])
    }
}
