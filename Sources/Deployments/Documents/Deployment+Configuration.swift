// SPDX-License-Identifier: Apache-2.0

internal import StrictJSON

extension Deployment {
    /// What a nucleus only reads when it starts. A change of what stands below counts as well.
    private static let startupPaths: [[String]] = [
        ["networkProxy"], ["runWithDefault", "posixUser"], ["runWithDefault", "posixShell"],
        ["mqtt", "version"], ["mqtt", "spooler", "storageType"], ["fipsMode"], ["jvmOptions"],
    ]

    /// Reads how a root is configured, and what it runs with. `Packages` have other spellings.
    mutating func readUpdates(_ root: Node, of name: String) throws(JSONError) {
        if let update = root[["configurationUpdate", "ConfigurationUpdate"]] {
            try readConfiguration(update, of: name)
        }
        // A user or a limit that is null is removed, which is a change as well.
        if let runWith = root[["runWith", "RunWith"]], try !runWith.members().isEmpty {
            configured.insert(name)
        }
    }

    /// `merge` is an object, or its JSON in a string.
    private mutating func readConfiguration(_ update: Node, of name: String) throws(JSONError) {
        guard case .object = update.value else { throw update.isNot("an object") }
        var changed: [[String]] = []
        if let merge = try Self.merge(update), try !merge.members().isEmpty {
            changed += Self.startupPaths.filter { merge.value.reaches($0) }
            configured.insert(name)
        }
        for pointer in try update[["reset", "RESET"]]?.elements() ?? [] {
            let path = try Self.path(pointer)
            changed += Self.startupPaths.filter { $0.starts(with: path) || path.starts(with: $0) }
            configured.insert(name)
        }
        guard isNucleusName(name) else { return }
        let paths = Self.startupPaths.filter(changed.contains)
        startupSettings += paths.map { $0.joined(separator: ".") }
    }

    private static func merge(_ update: Node) throws(JSONError) -> Node? {
        guard let merge = update[["merge", "MERGE"]] else { return nil }
        guard case .string(let text) = merge.value else { return merge }
        if text.isEmpty { return nil }
        do {
            return Node(try JSON(decoding: Array(text.utf8), limits: .deployments), merge.place)
        } catch {
            throw merge.error(error.message)
        }
    }

    /// The parts of a JSON pointer; none for that of the whole configuration.
    private static func path(_ node: Node) throws(JSONError) -> [String] {
        let text = try node.string()
        guard text.isEmpty || text.hasPrefix("/") else {
            throw node.error("\(text.quoted) is not a JSON pointer")
        }
        return text.split(separator: "/").map(String.init)
    }
}

extension JSON {
    /// Whether merging this changes what stands at the path: it has the last name there, or a value
    /// that is no object on the way.
    fileprivate func reaches(_ path: [String]) -> Bool {
        var value = self
        for name in path {
            guard case .object = value else { return true }
            guard let inner = value[name] else { return false }
            value = inner
        }
        return true
    }
}

/// The components that are a nucleus even where no recipe says so.
func isNucleusName(_ name: String) -> Bool {
    name == "aws.greengrass.Nucleus" || name == "aws.greengrass.NucleusLite"
}
