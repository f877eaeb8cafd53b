// SPDX-License-Identifier: Apache-2.0

import FuzzTargets
import TestSupport
import Testing

/// Dice instead of a fuzzer, so that the targets keep standing: Tests/fuzz.sh goes deeper.
@Suite struct TargetTests {
    @Test(arguments: Target.allCases)
    func `a target takes whatever the dice say`(_ target: Target) {
        var dice = SplitMix64(seed: 1)
        for _ in 0..<300 {
            let count = Int.random(in: 0...200, using: &dice)
            target.run((0..<count).map { _ in UInt8.random(in: 0...255, using: &dice) })
        }
    }
}
