// SPDX-License-Identifier: Apache-2.0

import Testing
import EventStream

@Suite struct `EventStream` {
    @Test func `a test runs`() { #expect(Bool(true)) }
}
