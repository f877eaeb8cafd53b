// SPDX-License-Identifier: Apache-2.0

/// A JSON value, as RFC 8259 has it.
///
/// Two values are equal if they mean the same: the members of an object have no order, texts are
/// compared scalar by scalar. Only `number` is compared by its spelling.
package enum JSON: Sendable {
    case null
    case bool(Bool)
    /// A number that is exactly an integer of 64 bits, however it was spelt: 1000, 1e3, 1000.0.
    case integer(Int64)
    /// Any other number, as it was spelt.
    case number(String)
    case string(String)
    case array([JSON])
    /// No two members have the same name.
    case object([Member])

    /// A name in an object, and what stands there.
    package struct Member: Hashable, Sendable {
        package var name: String
        package var value: JSON

        package init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// What this is, for a sentence: "expected a string, found an object".
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSON: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(booleanLiteral value: Bool) { self = .bool(value) }

    package init(integerLiteral value: Int64) { self = .integer(value) }

    package init(stringLiteral value: String) { self = .string(value) }

    package init(arrayLiteral elements: JSON...) { self = .array(elements) }

    package init(dictionaryLiteral members: (String, JSON)...) {
        self = .object(members.map { Member($0, $1) })
    }
}
