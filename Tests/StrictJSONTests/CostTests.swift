// SPDX-License-Identifier: Apache-2.0

import StrictJSON
import TestSupport
import Testing

/// What a text costs follows from its length, whatever stands in it. Each test has a reference
/// beside it: as much JSON in small objects.
@Suite("Cost of JSON", .serialized) struct CostTests {
    /// How many times more a byte of a large object may cost than one of a small object. With a
    /// cost in the square of its members it would be a hundred times more.
    static let factor = 8
    static let members = 2_048

    let limits = JSONLimits(maximumBytes: .max, maximumMembers: .max)

    /// Members in objects of so many; the names all have the same length.
    func objects(of size: Int) -> String {
        let texts = stride(from: 0, to: Self.members, by: size).map { start in
            "{" + (start..<start + size).map { #""n\#(10_000 + $0)":1"# }.joined(separator: ",")
                + "}"
        }
        return "[" + texts.joined(separator: ",") + "]"
    }

    func expectProportion(_ work: (JSON) throws -> Void) throws {
        let small = try read(objects(of: 8), limits: limits)
        let large = try read(objects(of: Self.members), limits: limits)
        let isInProportion = try takesLess(
            than: Self.factor,
            times: { try work(small) },
            { try work(large) }
        )
        #expect(isInProportion)
    }

    @Test func `reading an object takes time in proportion to its length`() throws {
        let small = Array(objects(of: 8).utf8)
        let large = Array(objects(of: Self.members).utf8)
        let isInProportion = try takesLess(
            than: Self.factor,
            times: { _ = try JSON(decoding: small, limits: limits) },
            { _ = try JSON(decoding: large, limits: limits) }
        )
        #expect(isInProportion)
    }

    @Test func `comparing objects takes time in proportion to their length`() throws {
        try expectProportion { json in
            guard case .array(let objects) = json else { return }
            for case .object(let members) in objects {
                #expect(JSON.object(members) == JSON.object(members.reversed()))
            }
        }
    }

    @Test func `sorting an object's members takes little more time than its length`() throws {
        try expectProportion { json in _ = json.canonical }
    }

    @Test func `a second member of a name is found among few members and among many`() {
        for count in [1, 15, 16, 17, 255] {
            let members = (0..<count).map { #""n\#($0)":0"# }.joined(separator: ",")
            let start = members.utf8.count + 2
            for twin in Set([0, count / 2, count - 1]) {
                let wanted = #"byte \#(start): a second member named "n\#(twin)""#
                #expect(complaint(#"{\#(members),"n\#(twin)":1}"#) == wanted)
            }
            // To a `String` these two names are one.
            #expect(complaint("{\(members),\"\u{E9}\":1,\"e\u{301}\":1}").isEmpty == (count < 255))
        }
    }

    @Test func `equal objects have equal canonical bytes, whatever their names`() throws {
        let one: JSON = ["\u{E9}": 1, "e\u{301}": 2, "b": ["d": 1, "c": 2]]
        let other: JSON = ["b": ["c": 2, "d": 1], "e\u{301}": 2, "\u{E9}": 1]
        #expect(one == other)
        #expect(one.canonical.encoded() == other.canonical.encoded())
    }
}
