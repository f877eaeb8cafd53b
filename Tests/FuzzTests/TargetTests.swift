// SPDX-License-Identifier: Apache-2.0

import FuzzTargets
import TestSupport
import Testing

/// Dice instead of a fuzzer, so that the targets keep standing: Tests/fuzz.sh goes deeper.
@Suite struct TargetTests {
    @Test(arguments: Target.allCases.filter { $0 != .crowds })
    func `a target takes its seeds and whatever the dice say`(_ target: Target) {
        for seed in target.seeds { target.run(seed) }
        var dice = SplitMix64(seed: 1)
        for _ in 0..<300 {
            let count = Int.random(in: 0...200, using: &dice)
            target.run((0..<count).map { _ in UInt8.random(in: 0...255, using: &dice) })
        }
    }

    /// In a process of its own, as it measures the memory of the whole process.
    @Test func `crowds of a few peers keep within their limits`() async {
        await #expect(processExitsWith: .success) {
            limitProcess()
            for seed in Target.crowds.seeds { Target.crowds.run(seed, crowd: 20) }
            var dice = SplitMix64(seed: 1)
            for _ in 0..<20 {
                let input = (0..<40).map { _ in UInt8.random(in: 0...255, using: &dice) }
                Target.crowds.run(input, crowd: 20)
            }
        }
    }
}
