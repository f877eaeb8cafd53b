// SPDX-License-Identifier: Apache-2.0

/// The delays between attempts to connect: 100 ms, doubled up to 5 s. Each is shortened at random
/// by up to a half, so that the components of a restarted broker do not all return at once.
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
