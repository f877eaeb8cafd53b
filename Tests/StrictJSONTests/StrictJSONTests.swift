// SPDX-License-Identifier: Apache-2.0

import Testing
import StrictJSON

@Suite struct `StrictJSON` {
    @Test func `a test runs`() { #expect(Bool(true)) }
}
