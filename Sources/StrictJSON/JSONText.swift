// SPDX-License-Identifier: Apache-2.0

extension JSONReader {
    /// A text in quotes. One without escapes, the usual one, is copied once and whole.
    mutating func string() throws(JSONError) -> String {
        position += 1
        let first = takePlainRun()
        if take("\"") { return try text(first) }
        var text = try text(first)
        while !take("\"") {
            text.unicodeScalars.append(try escape())
            text += try self.text(takePlainRun())
        }
        return text
    }

    /// Where the bytes end that stand for themselves.
    private var plainEnd: Int {
        let bytes = bytes.span
        var end = position
        while end < bytes.count, bytes[end] >= 0x20, bytes[end] != UInt8(ascii: "\""),
            bytes[end] != UInt8(ascii: "\\")
        {
            end += 1
        }
        return end
    }

    /// Moves past them.
    private mutating func takePlainRun() -> Range<Int> {
        let run = position..<plainEnd
        position = run.upperBound
        return run
    }

    private func text(_ range: Range<Int>) throws(JSONError) -> String {
        do {
            return String(copying: try UTF8Span(validating: bytes.span.extracting(range)))
        } catch {
            let position = range.lowerBound + error.byteOffsets.lowerBound
            throw JSONError(at: position, "not UTF-8")
        }
    }

    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        guard let byte = next else { throw unexpected("a closing quote") }
        guard take("\\") else {
            throw error("a control character, \(byte), is not escaped")
        }
        let letter = next
        position += 1
        switch letter {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try scalar()
        default:
            position -= 1
            throw unexpected("one of \"\\/bfnrtu")
        }
    }

    /// The scalar of `\u` and four digits, or of two such that are a surrogate pair.
    private mutating func scalar() throws(JSONError) -> Unicode.Scalar {
        let start = position - 2
        let unit = try hexadecimal()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, takeWord("\\u") else { throw lone(start) }
        let low = try hexadecimal()
        guard 0xDC00...0xDFFF ~= low,
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        else { throw lone(start) }
        return scalar
    }

    private func lone(_ start: Int) -> JSONError {
        JSONError(at: start, "half of a surrogate pair")
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = next?.hexadecimalValue else {
                throw unexpected("a hexadecimal digit")
            }
            number = number << 4 | UInt32(digit)
            position += 1
        }
        return number
    }
}

extension UInt8 {
    fileprivate var hexadecimalValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
