// SPDX-License-Identifier: Apache-2.0

import ReprieveTypes
import Testing

@Suite("A text of raw bytes") struct RawTextTests {
    @Test(
        arguments: [
            [], Array("café".utf8), [0xE9], [0x63, 0xE9, 0x63], [0xF4, 0x8F, 0xBF, 0xA9], [0xC3],
            [0xED, 0xA0, 0x80], [0xFF, 0xC3, 0xA9, 0xFE],
        ] as [[UInt8]]
    )
    func `gives the same bytes back`(bytes: [UInt8]) {
        #expect(String(rawBytes: bytes).rawBytes == bytes)
    }

    @Test func `is an ordinary text if the bytes are UTF-8`() {
        #expect(String(rawBytes: Array("café".utf8)) == "café")
    }

    @Test func `has one character for each byte that is not UTF-8`() {
        #expect(String(rawBytes: [0xE9, 0xFF]).unicodeScalars.count == 2)
    }

    @Test func `is shown with a replacement for what is not UTF-8`() {
        #expect(String(rawBytes: [0x63, 0xE9]).repaired == "c\u{FFFD}")
    }
}
