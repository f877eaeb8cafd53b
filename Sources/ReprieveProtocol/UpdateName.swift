// SPDX-License-Identifier: Apache-2.0

// Ids of updates that the broker or the command makes. They are UUIDs, since public clients read no
// other ids.

/// The id that belongs to a name: a UUID of version 5 (RFC 9562), the same wherever it is made.
package func deploymentID(named name: String) -> String {
    // 81b90f6d-6612-408d-b8b3-7be893344a2b
    let namespace: [UInt8] = [
        0x81, 0xb9, 0x0f, 0x6d, 0x66, 0x12, 0x40, 0x8d, 0xb8, 0xb3, 0x7b, 0xe8, 0x93, 0x34, 0x4a,
        0x2b,
    ]
    return uuidText(Array(sha1(namespace + name.utf8).prefix(16)), version: 5)
}

/// An id that no other update has: a random UUID of version 4.
package func newDeploymentID() -> String {
    uuidText((0..<16).map { _ in UInt8.random(in: .min ... .max) }, version: 4)
}

private func uuidText(_ bytes: [UInt8], version: UInt8) -> String {
    var bytes = bytes
    bytes[6] = bytes[6] & 0x0f | version << 4
    bytes[8] = bytes[8] & 0x3f | 0x80
    let digits = Array("0123456789abcdef")
    var text = ""
    for (index, byte) in bytes.enumerated() {
        if [4, 6, 8, 10].contains(index) { text.append("-") }
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return text
}

/// The digest that version 5 prescribes. It protects nothing here.
private func sha1(_ message: [UInt8]) -> [UInt8] {
    var padded = message + [0x80]
    while padded.count % 64 != 56 { padded.append(0) }
    for shift in stride(from: 56, through: 0, by: -8) {
        padded.append(UInt8(truncatingIfNeeded: (message.count * 8) >> shift))
    }
    var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
    for start in stride(from: 0, to: padded.count, by: 64) {
        mix(padded[start..<start + 64], into: &state)
    }
    return state.flatMap { word in
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
    }
}

private func mix(_ block: ArraySlice<UInt8>, into state: inout [UInt32]) {
    var words: [UInt32] = stride(from: block.startIndex, to: block.endIndex, by: 4).map { start in
        block[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
    for index in 16..<80 {
        let word = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]
        words.append(word.rotated(by: 1))
    }
    var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
    for (index, word) in words.enumerated() {
        let (choice, constant): (UInt32, UInt32) =
            switch index {
            case ..<20: (b & c | ~b & d, 0x5a82_7999)
            case ..<40: (b ^ c ^ d, 0x6ed9_eba1)
            case ..<60: (b & c | b & d | c & d, 0x8f1b_bcdc)
            default: (b ^ c ^ d, 0xca62_c1d6)
            }
        let next = a.rotated(by: 5) &+ choice &+ e &+ constant &+ word
        (a, b, c, d, e) = (next, a, b.rotated(by: 30), c, d)
    }
    for (index, word) in [a, b, c, d, e].enumerated() { state[index] &+= word }
}

extension UInt32 {
    fileprivate func rotated(by count: UInt32) -> UInt32 { self << count | self >> (32 - count) }
}
