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
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
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
            if index > 0 { append(UInt8(ascii: ",")) }
            append(quoted: members[index].name)
            append(UInt8(ascii: ":"))
            members[index].value.append(to: &self)
        }
        append(UInt8(ascii: "}"))
    }

    fileprivate mutating func append(quoted text: String) {
        append(UInt8(ascii: "\""))
        if text.needsEscape {
            for byte in text.utf8 { append(escaping: byte) }
        } else {
            append(contentsOf: text.utf8)
        }
        append(UInt8(ascii: "\""))
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

extension String {
    fileprivate var needsEscape: Bool {
        let bytes = utf8.span
        for index in bytes.indices where bytes[index].needsEscape { return true }
        return false
    }
}

extension UInt8 {
    fileprivate var needsEscape: Bool {
        self < 0x20 || self == UInt8(ascii: "\"") || self == UInt8(ascii: "\\")
    }
}
