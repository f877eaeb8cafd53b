// SPDX-License-Identifier: Apache-2.0

extension JSONReader {
    mutating func number() throws(JSONError) -> JSON {
        let start = position
        if take("-"), let error = notANumber(at: start) { throw error }
        let wholeStart = position
        try digits()
        if bytes[wholeStart] == UInt8(ascii: "0"), position > wholeStart + 1 {
            throw JSONError(at: wholeStart, "a number starts with a needless 0")
        }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        let spelling = bytes[start..<position]
        if case .integer(let value) = NumberReading(spelling) { return .integer(value) }
        return .number(String(decoding: spelling, as: UTF8.self))
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while let byte = next, byte.isDigit { position += 1 }
        guard position > start else { throw unexpected("a digit") }
    }
}

/// Which number a spelling stands for, found without rounding.
enum NumberReading: Hashable {
    case integer(Int64)
    case fraction
    case beyond64Bits

    /// The spelling is a valid JSON number. Takes time in proportion to its length, whatever its
    /// exponent.
    init(_ spelling: some Collection<UInt8>) {
        var digits = SignificantDigits()
        var rest = spelling[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "-"): digits.isNegative = true
            case UInt8(ascii: "."): digits.isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                digits.exponent += Self.exponent(rest)
                rest = rest[rest.endIndex...]
            default: digits.append(byte - UInt8(ascii: "0"))
            }
        }
        self = digits.reading
    }

    /// Stops growing where no text could be long enough to make up for it.
    private static func exponent(_ spelling: some Collection<UInt8>) -> Int {
        var exponent = 0
        for byte in spelling where byte.isDigit && exponent < 1_000_000_000_000 {
            exponent = exponent * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return spelling.first == UInt8(ascii: "-") ? -exponent : exponent
    }
}

/// A number as its digits from the first to the last that is not 0, times a power of ten.
private struct SignificantDigits {
    var isNegative = false
    /// Whether the digits to come stand behind the point.
    var isFraction = false
    var exponent = 0
    private var count = 0
    /// Exact as long as `count` is at most 19.
    private var magnitude: UInt64 = 0
    /// Zeros seen since the last digit that was none: they count only if another one follows.
    private var zeros = 0

    mutating func append(_ digit: UInt8) {
        if isFraction { exponent -= 1 }
        guard digit != 0 else {
            zeros += 1
            return
        }
        let zerosBefore = count == 0 ? 0 : zeros
        zeros = 0
        count += zerosBefore + 1
        guard count <= 19 else { return }
        for _ in 0...zerosBefore { magnitude *= 10 }
        magnitude += UInt64(digit)
    }

    var reading: NumberReading {
        guard count > 0 else { return .integer(0) }
        let scale = exponent + zeros
        guard scale >= 0 else { return .fraction }
        guard count + scale <= 19 else { return .beyond64Bits }
        let product = (0..<scale).reduce(magnitude) { product, _ in product * 10 }
        return (isNegative ? Int64(exactly: 0 - Int128(product)) : Int64(exactly: product))
            .map { .integer($0) } ?? .beyond64Bits
    }
}
