// SPDX-License-Identifier: Apache-2.0

/// How long to wait before the next try: 100 ms, doubling to 5 s, each shortened by up to a half
/// at random, so that a thousand components do not return in the same instant.
package struct Backoff: Hashable, Sendable {
    private var milliseconds: Int64 = 100

    package init() {}

    package mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        let delay = Int64.random(in: milliseconds / 2...milliseconds, using: &random)
        milliseconds = min(milliseconds * 2, 5_000)
        return .milliseconds(delay)
    }

    package mutating func next() -> Duration {
        var random = SystemRandomNumberGenerator()
        return next(using: &random)
    }
}
