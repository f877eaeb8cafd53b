// SPDX-License-Identifier: Apache-2.0

extension [UInt8] {
    /// The bytes that pairs of hexadecimal digits spell; spaces between pairs are skipped.
    package init(hex: some StringProtocol) {
        let digits = hex.utf8.filter { $0 != UInt8(ascii: " ") }.map { byte in
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                preconditionFailure("not hexadecimal: \(hex)")
            }
            return UInt8(digit)
        }
        precondition(digits.count.isMultiple(of: 2), "an odd number of hexadecimal digits")
        self = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
