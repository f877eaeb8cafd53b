// SPDX-License-Identifier: Apache-2.0

extension JSONReader {
    /// The byte to be read next; `nil` at the end.
    var next: UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func takeWord(_ word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    func error(_ message: String) -> JSONError {
        JSONError(at: position, message)
    }

    func unexpected(_ wanted: String) -> JSONError {
        error("expected \(wanted), found \(found)")
    }

    /// What other languages write for numbers that JSON does not have.
    func notANumber(at start: Int) -> JSONError? {
        for word in ["NaN", "Infinity", "-Infinity"]
        where bytes[start...].starts(with: word.utf8) {
            return JSONError(at: start, "\(word) is not JSON")
        }
        return nil
    }

    private var found: String {
        guard let byte = next else { return "the end" }
        guard 0x21...0x7E ~= byte else {
            let digits = String(byte, radix: 16)
            return digits.utf8.count == 1 ? "the byte 0\(digits)" : "the byte \(digits)"
        }
        return String(Unicode.Scalar(byte))
    }
}

extension UInt8 {
    var isDigit: Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= self
    }
}
