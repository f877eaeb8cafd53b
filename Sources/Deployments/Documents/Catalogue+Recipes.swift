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
        if let node = recipe["ComponentDependencies"] {
            release.dependencies = try ComponentRelease.dependencies(
                node,
                range: "VersionRequirement",
                type: "DependencyType"
            )
        }
        let steps = try Self.bootstrapSteps(recipe)
        release.hasBootstrap = !steps.isEmpty
        release.readPlaceholders(recipe.value, of: name, steps)
        try insert(release, of: name)
    }

    private static func member(_ name: String, of recipe: Node) throws(JSONError) -> Node {
        guard let node = recipe[name] else { throw recipe.error("there is no \"\(name)\"") }
        return node
    }

    /// The bootstrap steps of the life cycles that hold on Linux.
    private static func bootstrapSteps(_ recipe: Node) throws(JSONError) -> [JSON] {
        var steps = recipe.value["Lifecycle"]?.bootstrapSteps ?? []
        for manifest in try recipe["Manifests"]?.elements() ?? [] where manifest.isForLinux {
            steps += manifest.value["Lifecycle"]?.bootstrapSteps ?? []
        }
        return steps
    }
}

extension ComponentRelease {
    /// Finds out what changes with the configuration or the version of another component. A nucleus
    /// replaces placeholders by values of the component itself and of those that it depends on.
    fileprivate mutating func readPlaceholders(_ recipe: JSON, of name: String, _ steps: [JSON]) {
        let names = Set(dependencies.map(\.name))
        uses = names.intersection(recipe.placeholders)
        var inputs = JSON.array(steps).placeholders
        if inputs.contains("configuration") {
            inputs.insert(name)
            inputs.formUnion(recipe["ComponentConfiguration"]?.placeholders ?? [])
        }
        bootstrapInputs = inputs.intersection(names.union([name]))
    }
}

extension JSON {
    private static let sections: Set = [
        "install", "run", "startup", "shutdown", "recover", "bootstrap", "setenv",
    ]

    /// At the top of a life cycle, or below its selections, such as `all` or `linux`.
    fileprivate var bootstrapSteps: [JSON] {
        guard case .object(let members) = self else { return [] }
        return members.flatMap { member -> [JSON] in
            let name = member.name.lowercased()
            if name == "bootstrap" { return member.value == .null ? [] : [member.value] }
            return name == "windows" || Self.sections.contains(name)
                ? [] : member.value.bootstrapSteps
        }
    }

    /// What placeholders such as `{com.example.App:artifacts:path}` begin with, in all texts.
    fileprivate var placeholders: Set<String> {
        switch self {
        case .string(let text): text.placeholders
        case .array(let elements): Set(elements.flatMap(\.placeholders))
        case .object(let members): Set(members.flatMap(\.value.placeholders))
        default: []
        }
    }
}

extension String {
    fileprivate var placeholders: Set<String> {
        let parts = utf8.split(separator: UInt8(ascii: "{"), omittingEmptySubsequences: false)
        let names = parts.dropFirst().compactMap { part in
            part.firstIndex(of: UInt8(ascii: ":"))
                .map { String(decoding: part[..<$0], as: UTF8.self) }
        }
        return Set(names)
    }
}

extension Node {
    fileprivate var isForLinux: Bool {
        guard case .string(let system) = value["Platform"]?["os"] else { return true }
        return !["windows", "darwin"].contains(system.lowercased())
    }
}
