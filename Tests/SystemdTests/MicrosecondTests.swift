// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Systemd

@Suite("Microseconds for libsystemd") struct MicrosecondTests {
    @Test func `are rounded up, so that nothing is early`() {
        #expect(Duration.nanoseconds(1).roundedUpToMicroseconds == 1)
        #expect(Duration.nanoseconds(1_000).roundedUpToMicroseconds == 1)
        #expect(Duration.nanoseconds(1_000_000_001).roundedUpToMicroseconds == 1_000_001)
    }

    @Test func `are never what libsystemd takes for never`() {
        #expect(Duration.seconds(Int64.max).roundedUpToMicroseconds < .max)
        #expect(Duration.seconds(1 << 58).roundedUpToMicroseconds > .max / 2)
        #expect(Duration.seconds(18_446_744_073_709).roundedUpToMicroseconds < .max)
    }

    @Test func `do not come before boot`() {
        #expect(Duration.seconds(-1).roundedUpToMicroseconds == 0)
        #expect(Duration.nanoseconds(-1).roundedUpToMicroseconds == 0)
    }
}
