// SPDX-License-Identifier: Apache-2.0

extension JSON {
    /// The value as JSON without spaces, members in their order, escaping only what must be.
    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        append(to: &bytes)
        return bytes
    }

    /// Puts the value's JSON behind what is there already.
    package func append(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(value)
        case .number(let spelling): bytes.append(contentsOf: spelling.utf8)
        case .string(let text): bytes.append(quoted: text)
        case .array(let elements): bytes.append(elements)
        case .object(let members): bytes.append(members)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ elements: [JSON]) {
        append(UInt8(ascii: "["))
        for index in elements.indices {
            if index > 0 { append(UInt8(ascii: ",")) }
            elements[index].append(to: &self)
        }
        append(UInt8(ascii: "]"))
    }

    fileprivate mutating func append(_ members: [JSON.Member]) {
        append(UInt8(ascii: "{"))
        for index in members.indices {
            append(
                quoted: members[index].name,
                after: index > 0 ? UInt8(ascii: ",") : nil,
                before: UInt8(ascii: ":")
            )
            members[index].value.append(to: &self)
        }
        append(UInt8(ascii: "}"))
    }

    /// A text with the comma or colon beside it. Most have nothing to escape, and are written in
    /// one go.
    mutating func append(
        quoted text: String,
        after separator: UInt8? = nil,
        before end: UInt8? = nil
    ) {
        let bytes = text.utf8.span
        var written = 0
        append(addingCapacity: bytes.count + 4) { free in
            if let separator { free.append(separator) }
            written = free.append(quoted: bytes)
            if written == bytes.count, let end { free.append(end) }
        }
        guard written < bytes.count else { return }
        finish(quoted: bytes, from: written)
        if let end { append(end) }
    }

    /// The rest of a text from its first byte on that needs an escape.
    mutating func finish(quoted bytes: borrowing Span<UInt8>, from start: Int) {
        for place in start..<bytes.count { append(escaping: bytes[place]) }
        append(UInt8(ascii: "\""))
    }

    /// In digits, and a sign.
    static var longestInteger: Int { 20 }

    mutating func append(_ integer: Int64) {
        append(addingCapacity: Self.longestInteger) { $0.append(integer) }
    }

    private mutating func append(escaping byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append(contentsOf: #"\""#.utf8)
        case UInt8(ascii: "\\"): append(contentsOf: #"\\"#.utf8)
        case 0x08: append(contentsOf: #"\b"#.utf8)
        case 0x09: append(contentsOf: #"\t"#.utf8)
        case 0x0A: append(contentsOf: #"\n"#.utf8)
        case 0x0C: append(contentsOf: #"\f"#.utf8)
        case 0x0D: append(contentsOf: #"\r"#.utf8)
        case 0..<0x10: append(contentsOf: (#"\u000"# + String(byte, radix: 16)).utf8)
        case 0x10..<0x20: append(contentsOf: (#"\u00"# + String(byte, radix: 16)).utf8)
        default: append(byte)
        }
    }
}

extension OutputSpan<UInt8> {
    /// Writes a text up to its first byte that needs an escape, and its end if none does. Returns
    /// how many bytes of it are written.
    mutating func append(quoted bytes: borrowing Span<UInt8>) -> Int {
        var next = 0
        append(UInt8(ascii: "\""))
        while next < bytes.count, !bytes[next].needsEscape {
            append(bytes[next])
            next &+= 1
        }
        if next == bytes.count { append(UInt8(ascii: "\"")) }
        return next
    }

    mutating func append(_ integer: Int64) {
        if integer < 0 { append(UInt8(ascii: "-")) }
        append(digitsOf: integer.magnitude)
    }

    private mutating func append(digitsOf number: UInt64) {
        if number >= 10 { append(digitsOf: number / 10) }
        append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }
}

extension UInt8 {
    fileprivate var needsEscape: Bool {
        // Most bytes are behind the quote.
        self <= UInt8(ascii: "\"") && (self < 0x20 || self == UInt8(ascii: "\""))
            || self == UInt8(ascii: "\\")
    }
}
