// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

extension Catalogue {
    /// Adds a recipe in JSON. `file` is its name in the component store, which must not contradict
    /// it: `NAME-VERSION.json`.
    package mutating func add(recipe bytes: [UInt8], file: String) throws(JSONError) {
        let recipe = Node(try JSON(decoding: bytes, limits: .deployments))
        guard case .object = recipe.value else { throw recipe.isNot("an object") }
        let node = try Self.member("ComponentName", of: recipe)
        let name = try node.checkedName(try node.string())
        let spelling = try Self.member("ComponentVersion", of: recipe)
        let version = try spelling.version()
        guard try file == "\(name)-\(spelling.string()).json" else {
            throw JSONError(
                "the recipe is that of \(name) \(version.text), and the file's name is not"
            )
        }
        var release = ComponentRelease(version)
        release.kind = try ComponentRelease.Kind(recipe["ComponentType"], of: name)
        release.hasBootstrap = try Self.hasBootstrap(recipe)
        if let node = recipe["ComponentDependencies"] {
            release.dependencies = try ComponentRelease.dependencies(
                node,
                range: "VersionRequirement",
                type: "DependencyType"
            )
        }
        try insert(release, of: name)
    }

    private static func member(_ name: String, of recipe: Node) throws(JSONError) -> Node {
        guard let node = recipe[name] else { throw recipe.error("there is no \"\(name)\"") }
        return node
    }

    /// Whether a life cycle that holds on Linux has a bootstrap step.
    private static func hasBootstrap(_ recipe: Node) throws(JSONError) -> Bool {
        if let lifecycle = recipe["Lifecycle"], lifecycle.hasBootstrap { return true }
        for manifest in try recipe["Manifests"]?.elements() ?? [] {
            guard let lifecycle = manifest["Lifecycle"], lifecycle.hasBootstrap else { continue }
            if manifest.isForLinux { return true }
        }
        return false
    }
}

extension JSON {
    fileprivate var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    fileprivate var hasBootstrap: Bool {
        members.contains { $0.name.lowercased() == "bootstrap" && $0.value != .null }
    }
}

extension Node {
    /// At the top of a life cycle, or below one of its selections, such as `all` or `linux`.
    fileprivate var hasBootstrap: Bool {
        value.hasBootstrap
            || value.members.contains { $0.name != "windows" && $0.value.hasBootstrap }
    }

    fileprivate var isForLinux: Bool {
        guard case .string(let system) = value["Platform"]?["os"] else { return true }
        return !["windows", "darwin"].contains(system.lowercased())
    }
}
