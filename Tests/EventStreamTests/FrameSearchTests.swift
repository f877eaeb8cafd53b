// SPDX-License-Identifier: Apache-2.0

import EventStream
import TestSupport
import Testing

@Suite("The search for frames in a damaged file", .serialized) struct FrameSearchTests {
    /// So many frames within each other, each claiming all that follows, and none whole.
    func nested(_ count: Int) -> [UInt8] {
        (0..<count).flatMap { number in
            let length = bigEndian(UInt32((count - number) * 16)) + [0, 0, 0, 0]
            return length + bigEndian(crc32(length.span)) + [0, 0, 0, 1]
        }
    }

    private func bigEndian(_ number: UInt32) -> [UInt8] {
        stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private func time(of bytes: [UInt8]) -> Duration {
        processorTime {
            var search = FrameSearch(bytes)
            #expect(search.next() == nil && search.damage == [0..<bytes.count])
        }
    }

    @Test func `takes time in proportion to the file, whatever its frames claim`() {
        #expect(time(of: nested(2_000)) < time(of: nested(250)) * 8 * 3)
    }

    @Test func `finds a whole frame behind a damaged one that claims its bytes`() {
        let frame = Frame(headers: [], payload: [1, 2, 3])
        var search = FrameSearch(nested(3).prefix(20) + frame.encoded())
        #expect(search.next() == frame)
        #expect(search.damage == [0..<20])
    }
}
