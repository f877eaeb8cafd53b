// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

/// A value in a document, and its place there, which errors name.
struct Node {
    let value: JSON
    /// Such as `components.com.example.App.version`; empty for the whole document.
    let place: String

    init(_ value: JSON, _ place: String = "") {
        (self.value, self.place) = (value, place)
    }

    func error(_ message: String) -> JSONError {
        JSONError(place.isEmpty ? message : place + ": " + message)
    }

    func isNot(_ wanted: String) -> JSONError {
        error("expected \(wanted), found \(value.kind)")
    }

    func inside(_ name: String) -> String {
        place.isEmpty ? name : place + "." + name
    }

    /// A member that is absent or null reads as nil.
    subscript(name: String) -> Node? {
        guard let member = value[name], member != .null else { return nil }
        return Node(member, inside(name))
    }

    /// The first of several spellings that is there.
    subscript(names: [String]) -> Node? {
        for name in names { if let node = self[name] { return node } }
        return nil
    }

    func members() throws(JSONError) -> [(name: String, node: Node)] {
        guard case .object(let members) = value else { throw isNot("an object") }
        return members.map { ($0.name, Node($0.value, inside($0.name.shortened))) }
    }

    func elements() throws(JSONError) -> [Node] {
        guard case .array(let elements) = value else { throw isNot("an array") }
        return elements.enumerated().map { Node($1, "\(place)[\($0)]") }
    }

    func string() throws(JSONError) -> String {
        guard case .string(let text) = value else { throw isNot("a string") }
        return text
    }

    func bool() throws(JSONError) -> Bool {
        guard case .bool(let flag) = value else { throw isNot("a boolean") }
        return flag
    }

    /// A component's name: 1 to 128 letters, digits and `._-`.
    func checkedName(_ name: String) throws(JSONError) -> String {
        guard isDeployedName(name) else { throw error("\(name.quoted) is not a component name") }
        return name
    }

    func version() throws(JSONError) -> SemanticVersion {
        let text = try string()
        guard let version = SemanticVersion(text) else {
            throw error("\(text.quoted) is not a version")
        }
        return version
    }

    func range() throws(JSONError) -> VersionRange {
        let text = try string()
        guard let range = VersionRange(text) else {
            throw error("\(text.quoted) is not a version range")
        }
        return range
    }
}

extension String {
    /// A place in a document stays readable, whatever a member's name is.
    fileprivate var shortened: String {
        utf8.count <= 160 ? self : String(decoding: utf8.prefix(160), as: UTF8.self) + "..."
    }
}

/// Greengrass allows fewer characters in a name than Reprieve does.
private func isDeployedName(_ name: String) -> Bool {
    (1...128).contains(name.utf8.count)
        && name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
}

extension JSONLimits {
    /// How much of a document, a catalogue or a list is read.
    package static let deployments = JSONLimits(
        maximumBytes: 64 * 1_024 * 1_024,
        maximumDepth: 64,
        maximumMembers: 100_000,
        maximumElements: 100_000,
        maximumValues: 8_000_000
    )
}
