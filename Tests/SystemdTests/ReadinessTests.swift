// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Systemd

@Suite struct `Readiness to read` {
    /// EPOLLIN, EPOLLERR and EPOLLHUP: whoever only waits to read must learn of an end, too.
    @Test(arguments: [0x001, 0x008, 0x010] as [UInt32])
    func `includes the end of the connection`(events: UInt32) {
        #expect(Readiness(events: events).canRead)
    }

    /// EPOLLOUT.
    @Test func `is not readiness to write`() {
        #expect(!Readiness(events: 0x004).canRead)
    }
}
