// SPDX-License-Identifier: Apache-2.0

import ReprieveTransport
import Testing

@Suite("A backoff") struct BackoffTests {
    private struct Highest: RandomNumberGenerator {
        mutating func next() -> UInt64 { .max }
    }

    private struct Lowest: RandomNumberGenerator {
        // Not 0, which an unbiased choice rejects for ever.
        mutating func next() -> UInt64 { 1 << 20 }
    }

    @Test func `waits double from 100 ms to 5 s`() {
        var backoff = Backoff()
        var random = Highest()
        let delays = (0..<8).map { _ in backoff.next(using: &random) }
        #expect(delays == [100, 200, 400, 800, 1600, 3200, 5000, 5000].map { .milliseconds($0) })
    }

    @Test func `a wait is shortened by a half at most`() {
        var backoff = Backoff()
        var random = Lowest()
        #expect(backoff.next(using: &random) == .milliseconds(50))
    }
}
