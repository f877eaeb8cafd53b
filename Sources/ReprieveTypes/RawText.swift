// SPDX-License-Identifier: Apache-2.0

/// Bytes from outside as a text that gives the same bytes back: an argument, a variable of the
/// environment, a path. A byte that is not UTF-8 becomes a scalar of its own in a private range. So
/// does each byte of such a scalar.
extension String {
    package init(rawBytes bytes: [UInt8]) {
        if let text = String(validating: bytes, as: UTF8.self),
            !text.unicodeScalars.contains(where: \.isRawByte)
        {
            self = text
            return
        }
        self = ""
        var rest = bytes[...]
        while let first = rest.first {
            let scalar = (1...4).lazy.compactMap { length in
                String(validating: rest.prefix(length), as: UTF8.self)?.unicodeScalars.first
            }.first
            if let scalar, !scalar.isRawByte {
                unicodeScalars.append(scalar)
                rest = rest.dropFirst(UTF8.width(scalar))
            } else {
                let raw = Unicode.Scalar(0x10_FF00 + UInt32(first))
                if let raw { unicodeScalars.append(raw) }
                rest = rest.dropFirst()
            }
        }
    }

    package var rawBytes: [UInt8] {
        // Each of those scalars begins with this byte, which few texts have.
        let bytes = Array(utf8)
        guard bytes.contains(0xF4), unicodeScalars.contains(where: \.isRawByte) else {
            return bytes
        }
        return unicodeScalars.flatMap { scalar in
            scalar.rawByte.map { [$0] } ?? Array(String(scalar).utf8)
        }
    }

    /// For readers: what is not UTF-8 is shown as U+FFFD.
    package var repaired: String { String(decoding: rawBytes, as: UTF8.self) }
}

extension Unicode.Scalar {
    /// The byte that it stands for, if it stands for one that is not UTF-8.
    package var rawByte: UInt8? { isRawByte ? UInt8(value & 0xFF) : nil }

    fileprivate var isRawByte: Bool { 0x10_FF80...0x10_FFFF ~= value }
}
