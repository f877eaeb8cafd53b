// SPDX-License-Identifier: Apache-2.0

/// Writes an object as JSON without spaces, member by member, in the order in which they come.
///
/// There is no tree of values: what is written often costs less than half of what it would as
/// `JSON`. Absent values are omitted. That no two members have the same name, and that no name has
/// anything to escape, is up to the caller.
package struct ObjectWriter {
    private var bytes: [UInt8] = []

    package init() {
        bytes.reserveCapacity(256)
        bytes.append(UInt8(ascii: "{"))
    }

    /// The object, which is whole now.
    package consuming func finished() -> [UInt8] {
        close("}")
        return bytes
    }

    package mutating func member(_ name: String, _ text: String?) {
        guard let text else { return }
        let content = text.utf8.span
        var written = 0
        append(name, room: content.count + 2) { written = $0.append(quoted: content) }
        if written < content.count { bytes.finish(quoted: content, from: written) }
    }

    package mutating func member(_ name: String, _ integer: Int64?) {
        guard let integer else { return }
        append(name, room: [UInt8].longestInteger) { $0.append(integer) }
    }

    package mutating func member(_ name: String, _ flag: Bool) {
        append(name, room: 0) { _ in }
        bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    }

    package mutating func member(_ name: String, _ texts: [String]?) {
        guard let texts else { return }
        open(name, "[")
        for text in texts { bytes.append(quoted: text, after: separator) }
        close("]")
    }

    package mutating func member(_ name: String, _ integers: [Int64]) {
        open(name, "[")
        for integer in integers {
            separate()
            bytes.append(integer)
        }
        close("]")
    }

    /// An array whose elements are JSON already.
    package mutating func member(_ name: String, encoded elements: [[UInt8]]) {
        open(name, "[")
        for element in elements {
            separate()
            bytes += element
        }
        close("]")
    }

    /// Begins an array or object under a name. What is written until it is closed stands in it.
    package mutating func open(_ name: String, _ bracket: Unicode.Scalar) {
        append(name, room: 1) { $0.append(UInt8(ascii: bracket)) }
    }

    /// Begins an object in an array.
    package mutating func openElement() {
        separate()
        bytes.append(UInt8(ascii: "{"))
    }

    package mutating func close(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
    }

    /// A name, and a value or the begin of one, for which there is room.
    @inline(__always)
    private mutating func append(
        _ name: String,
        room: Int,
        _ write: (inout OutputSpan<UInt8>) -> Void
    ) {
        let (name, separator) = (name.utf8.span, separator)
        bytes.append(addingCapacity: name.count + 4 + room) { free in
            if let separator { free.append(separator) }
            free.append(UInt8(ascii: "\""))
            for place in name.indices { free.append(name[place]) }
            free.append(UInt8(ascii: "\""))
            free.append(UInt8(ascii: ":"))
            write(&free)
        }
    }

    private mutating func separate() {
        if let separator { bytes.append(separator) }
    }

    /// The comma between two members or elements. The last byte of a value is no opening bracket.
    private var separator: UInt8? {
        switch bytes[bytes.count - 1] {
        case UInt8(ascii: "{"), UInt8(ascii: "["): nil
        default: UInt8(ascii: ",")
        }
    }
}
