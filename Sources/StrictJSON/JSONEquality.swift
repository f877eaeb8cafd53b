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
            left.haveEqual(right)
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

    /// By the scalars of their names.
    var sortedByName: Self { sorted { $0.name.precedes($1.name) } }

    /// Whether both have the same members, in any order.
    func haveEqual(_ others: Self) -> Bool {
        guard count == others.count else { return false }
        guard count > MemberNames.fewMembers else {
            return allSatisfy { others.value($0.name) == $0.value }
        }
        return sortedByName == others.sortedByName
    }
}

extension JSON {
    /// The same value with the members of every object sorted: equal values, equal bytes.
    package var canonical: JSON {
        switch self {
        case .array(let elements): .array(elements.map(\.canonical))
        case .object(let members):
            .object(members.sortedByName.map { .init($0.name, $0.value.canonical) })
        default: self
        }
    }
}
