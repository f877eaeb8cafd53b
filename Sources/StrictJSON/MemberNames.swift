// SPDX-License-Identifier: Apache-2.0

/// The names in one object, to find a second member of the same name.
///
/// The usual object has few members, which are compared one by one. The names of a larger one are
/// hashed, so that an object takes time in proportion to its length. Swift's hashes have a random
/// seed in each process: no peer can choose names with equal ones.
struct MemberNames {
    /// Members of an object that are compared one by one.
    static let fewMembers = 16

    private var spellings: Set<Spelling> = []

    /// Adds the name of the next member behind `members`, whose names were added before. Returns
    /// false if one of them has the same name.
    mutating func insert(_ name: String, behind members: [JSON.Member]) -> Bool {
        guard members.count >= Self.fewMembers else {
            return !members.indices.contains { members[$0].name.hasScalars(of: name) }
        }
        if spellings.isEmpty {
            spellings.reserveCapacity(2 * Self.fewMembers)
            for member in members { spellings.insert(Spelling(text: member.name)) }
        }
        return spellings.insert(Spelling(text: name)).inserted
    }
}

/// A text that equals another one if both have the same scalars.
private struct Spelling: Hashable {
    let text: String

    static func == (one: Spelling, other: Spelling) -> Bool {
        one.text.hasScalars(of: other.text)
    }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
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

    /// Whether its UTF-8 comes first. Unlike `<`, this never takes two spellings for one.
    func precedes(_ other: String) -> Bool {
        let own = utf8.span
        let others = other.utf8.span
        for index in 0..<min(own.count, others.count) where own[index] != others[index] {
            return own[index] < others[index]
        }
        return own.count < others.count
    }
}
