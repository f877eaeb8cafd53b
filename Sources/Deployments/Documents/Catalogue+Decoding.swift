// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

extension Catalogue {
    /// Adds what a catalogue file describes:
    /// `{NAME: {VERSION: {"dependencies": {NAME: {"range", "type"?}}, "type"?, "bootstrap"?}}}`.
    package mutating func add(decoding bytes: [UInt8]) throws(JSONError) {
        let document = Node(try JSON(decoding: bytes, limits: .deployments))
        isEmpty = false
        for (name, versions) in try document.members() {
            let name = try document.checkedName(name)
            for (text, node) in try versions.members() {
                guard let version = SemanticVersion(text) else {
                    throw versions.error("\(text.quoted) is not a version")
                }
                let release = try ComponentRelease(version, of: name, decoding: node)
                do { try insert(release, of: name) } catch { throw node.error(error.message) }
            }
        }
    }
}

extension ComponentRelease {
    fileprivate init(
        _ version: SemanticVersion,
        of name: String,
        decoding node: Node
    ) throws(JSONError) {
        guard case .object = node.value else { throw node.isNot("an object") }
        self.version = version
        kind = try Kind(node["type"], of: name)
        hasBootstrap = try node["bootstrap"]?.bool() ?? false
        guard let dependencies = node["dependencies"] else { return }
        self.dependencies = try ComponentRelease.dependencies(
            dependencies,
            range: "range",
            type: "type"
        )
    }

    /// The members of an object are dependencies by their names, and each is an object.
    static func dependencies(
        _ node: Node,
        range: String,
        type: String
    ) throws(JSONError) -> [Dependency] {
        var dependencies: [Dependency] = []
        for (name, member) in try node.members() {
            let name = try node.checkedName(name)
            guard case .object = member.value else { throw member.isNot("an object") }
            let any = VersionRange(text: "*", alternatives: VersionRange("*")?.alternatives ?? [])
            var dependency = Dependency(name: name, range: try member[range]?.range() ?? any)
            if let type = member[type] { dependency.isHard = try Self.isHard(type) }
            dependencies.append(dependency)
        }
        return dependencies.sorted { $0.name < $1.name }
    }

    private static func isHard(_ node: Node) throws(JSONError) -> Bool {
        switch try node.string().uppercased() {
        case "HARD": return true
        case "SOFT": return false
        default: throw node.error("expected HARD or SOFT, found \(try node.string().quoted)")
        }
    }
}

extension ComponentRelease.Kind {
    /// A recipe writes `aws.greengrass.plugin`, a catalogue may write `plugin`.
    init(_ node: Node?, of name: String) throws(JSONError) {
        guard let node else {
            self = isNucleusName(name) ? .nucleus : .generic
            return
        }
        let text = try node.string().lowercased()
        let word = text.hasPrefix("aws.greengrass.") ? String(text.dropFirst(15)) : text
        guard let kind = Self(rawValue: word) else {
            let words = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw node.error("expected one of \(words), found \(try node.string().quoted)")
        }
        self = kind
    }
}
