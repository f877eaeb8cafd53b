// SPDX-License-Identifier: Apache-2.0

extension JSON: Hashable {
    package static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.hasScalars(of: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)):
            left.count == right.count && left.allSatisfy { right.value($0.name) == $0.value }
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        switch self {
        case .null: break
        case .bool(let value): hasher.combine(value)
        case .integer(let value): hasher.combine(value)
        case .number(let text): hasher.combine(text)
        case .string(let text): hasher.combine(text)
        case .array(let elements): hasher.combine(elements)
        case .object(let members):
            // Equal objects hash alike in any order.
            hasher.combine(members.reduce(0) { $0 ^ $1.hashValue })
        }
    }
}

extension JSON.Member {
    package static func == (left: Self, right: Self) -> Bool {
        left.name.hasScalars(of: right.name) && left.value == right.value
    }
}

extension [JSON.Member] {
    func value(_ name: String) -> JSON? {
        indices.first { self[$0].name.hasScalars(of: name) }.map { self[$0].value }
    }
}

extension String {
    /// Whether both are spelt alike. To `==`, a letter with an accent also equals the letter
    /// followed by the accent; to JSON those are two texts.
    func hasScalars(of other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        let own = utf8.span
        let others = other.utf8.span
        for index in own.indices where own[index] != others[index] { return false }
        return true
    }
}
