// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import reprieve_cli

@Suite("The extension of a stop time-out") struct StopTimeoutTests {
    private let start = ContinuousClock.now

    @Test func `is a step at a time while the gate's deadline is far`() {
        let timeout = StopTimeout(until: start + .seconds(30))
        timeout.setEnd(start + .seconds(3_600))
        #expect(timeout.extensionTime(at: start) == .seconds(15))
        #expect(timeout.extensionTime(at: start + .seconds(3_000)) == .seconds(15))
    }

    @Test func `ends a little after the deadline, and is asked for no more`() {
        let timeout = StopTimeout(until: start + .seconds(30))
        timeout.setEnd(start + .seconds(60))
        #expect(timeout.extensionTime(at: start + .seconds(57)) == .seconds(8))
        #expect(timeout.extensionTime(at: start + .seconds(60)) == nil)
    }

    @Test func `is limited also while no broker has said how long the gate waits`() {
        let timeout = StopTimeout(until: start + .seconds(30))
        #expect(timeout.extensionTime(at: start) == .seconds(15))
        #expect(timeout.extensionTime(at: start + .seconds(31)) == nil)
    }
}
