// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Testing

@Suite("The parts of a duration") struct DurationTests {
    /// Beside each power of two all carries of the two divisions occur.
    @Test func `are those of the standard library`() {
        for power in 0..<126 {
            let near = Int128(1) << power
            for distance in -2...2 as ClosedRange<Int128> {
                for sign in [1, -1] as [Int128] {
                    expectParts(of: Duration(attoseconds: sign * (near + distance)))
                }
            }
        }
    }

    @Test func `change where a second is full`() {
        for seconds in [1, 18, 19, 4_800_000, 1 << 40, 1 << 43, 1 << 44, 1 << 55] as [Int64] {
            let whole = Duration.seconds(seconds).attoseconds
            for distance in -1...1 as ClosedRange<Int128> {
                expectParts(of: Duration(attoseconds: whole + distance))
            }
        }
    }

    private func expectParts(of duration: Duration) {
        guard duration.attoseconds.magnitude < UInt128(1) << 122 else { return }
        let (known, found) = (duration.components, duration.parts)
        #expect(found.seconds == known.seconds, "\(duration.attoseconds)")
        #expect(found.attoseconds == known.attoseconds, "\(duration.attoseconds)")
    }
}
