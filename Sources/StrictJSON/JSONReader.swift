// SPDX-License-Identifier: Apache-2.0

extension JSON {
    /// Reads one value that makes up all of `bytes`, except for space around it.
    ///
    /// Stricter than most: no text may have a lone surrogate, no object two members of one name.
    package init(
        decoding bytes: [UInt8],
        limits: JSONLimits = .default
    ) throws(JSONError) {
        var reader = JSONReader(bytes, limits: limits)
        self = try reader.document()
    }
}

/// Goes through a text once, from its first byte to its last.
struct JSONReader {
    let bytes: [UInt8]
    let limits: JSONLimits
    var position = 0
    private var depth = 0
    private var values = 0
    /// Members for which an object has room at once.
    private static let reserve = 8

    init(_ bytes: [UInt8], limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func document() throws(JSONError) -> JSON {
        guard bytes.count <= limits.maximumBytes else {
            throw JSONError("\(bytes.count) bytes, the maximum is \(limits.maximumBytes)")
        }
        guard !startsWithByteOrderMark else {
            throw JSONError(at: 0, "a byte order mark is not JSON")
        }
        skipSpace()
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw unexpected("the end") }
        return value
    }

    private var startsWithByteOrderMark: Bool {
        bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
    }

    private mutating func value() throws(JSONError) -> JSON {
        switch next {
        case UInt8(ascii: "\""): .string(try string())
        case UInt8(ascii: "{"): try object()
        case UInt8(ascii: "["): try array()
        case UInt8(ascii: "-"): try number()
        case .some(let byte) where byte.isDigit: try number()
        default: try word()
        }
    }

    private mutating func count(_ more: Int) throws(JSONError) {
        values += more
        guard values <= limits.maximumValues else {
            throw error("more than \(limits.maximumValues) values")
        }
    }

    private mutating func word() throws(JSONError) -> JSON {
        if takeWord("true") { return .bool(true) }
        if takeWord("false") { return .bool(false) }
        if takeWord("null") { return .null }
        throw notANumber(at: position) ?? unexpected("a value")
    }

    private mutating func array() throws(JSONError) -> JSON {
        var elements: [JSON] = []
        try list(until: "]") { reader throws(JSONError) in
            guard elements.count < reader.limits.maximumElements else {
                throw reader.error("more than \(reader.limits.maximumElements) elements")
            }
            try reader.count(1)
            elements.append(try reader.value())
        }
        return .array(elements)
    }

    private mutating func object() throws(JSONError) -> JSON {
        var members: [JSON.Member] = []
        var names = MemberNames()
        try list(until: "}") { reader throws(JSONError) in
            guard members.count < reader.limits.maximumMembers else {
                throw reader.error("more than \(reader.limits.maximumMembers) members")
            }
            if members.isEmpty { members.reserveCapacity(Self.reserve) }
            try reader.count(members.isEmpty ? Self.reserve : members.count < Self.reserve ? 0 : 1)
            let start = reader.position
            let name = try reader.name()
            guard names.insert(name, behind: members) else {
                throw JSONError(at: start, "a second member named \(name.quoted)")
            }
            try reader.colon()
            members.append(JSON.Member(name, try reader.value()))
        }
        return .object(members)
    }

    private mutating func name() throws(JSONError) -> String {
        guard next == UInt8(ascii: "\"") else { throw unexpected("a name in quotes") }
        return try string()
    }

    /// The colon behind a member's name, with the space around it.
    private mutating func colon() throws(JSONError) {
        skipSpace()
        guard take(":") else { throw unexpected("a colon") }
        skipSpace()
    }

    /// What stands between brackets: nothing, or items with commas between them.
    private mutating func list(
        until closing: Unicode.Scalar,
        _ item: (inout JSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        guard depth < limits.maximumDepth else {
            throw error("more than \(limits.maximumDepth) levels deep")
        }
        depth += 1
        position += 1
        skipSpace()
        if !take(closing) {
            repeat {
                skipSpace()
                try item(&self)
                skipSpace()
            } while take(",")
            guard take(closing) else { throw unexpected("a comma or " + String(closing)) }
        }
        depth -= 1
    }
}
