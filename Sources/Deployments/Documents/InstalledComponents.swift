// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

/// What is on a device.
package struct InstalledComponents: Sendable {
    /// Nil if they are not known.
    package var components: [String: SemanticVersion]?
    /// What each group of the device names. Nil if that is not known.
    package var groups: [String: [String: String]]?
    /// The group that the deployment is for.
    package var group: String?
    /// Components that run inside the nucleus.
    package var plugins: Set<String> = []
    /// The systemd unit of the nucleus. Nil if it is not known, empty if there is none.
    package var nucleusUnit: String?

    package init() {}

    /// Reads our own JSON, or the text or JSON of `greengrass-cli component list`.
    package init(decoding bytes: [UInt8]) throws(JSONError) {
        let first = bytes.first { !($0 == 0x20 || 0x09...0x0D ~= $0) }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
            self = try InstalledComponents(list: bytes)
            return
        }
        let document = Node(try JSON(decoding: bytes, limits: .deployments))
        if case .array = document.value {
            try readList(document)
            return
        }
        guard let node = document["components"] else {
            throw document.error("there is no \"components\"")
        }
        if case .array = node.value { try readList(node) } else { try readVersions(node) }
        if let node = document["groups"] { try readGroups(node) }
        group = try document["group"]?.string()
        for plugin in try document["plugins"]?.elements() ?? [] {
            plugins.insert(try plugin.checkedName(try plugin.string()))
        }
        nucleusUnit = try document["nucleusUnit"]?.string()
    }

    /// Reads the groups of the device: `{GROUP: {NAME: RANGE}}`.
    package mutating func readGroups(decoding bytes: [UInt8]) throws(JSONError) {
        try readGroups(Node(try JSON(decoding: bytes, limits: .deployments)))
    }

    private mutating func readGroups(_ node: Node) throws(JSONError) {
        var groups: [String: [String: String]] = [:]
        for (group, roots) in try node.members() {
            groups[group] = [:]
            for (name, range) in try roots.members() {
                let name = try roots.checkedName(name)
                groups[group, default: [:]][name] = try range.range().text
            }
        }
        self.groups = groups
    }

    private mutating func readVersions(_ node: Node) throws(JSONError) {
        var components: [String: SemanticVersion] = [:]
        for (name, version) in try node.members() {
            components[try node.checkedName(name)] = try version.version()
        }
        self.components = components
    }

    private mutating func readList(_ list: Node) throws(JSONError) {
        var components: [String: SemanticVersion] = [:]
        for element in try list.elements() {
            guard let node = element[["componentName", "name"]] else {
                throw element.error("there is no \"componentName\"")
            }
            let name = try node.checkedName(try node.string())
            guard let version = element["version"],
                try !isBuiltIn(name, version.string())
            else { continue }
            guard components.updateValue(try version.version(), forKey: name) == nil else {
                throw node.error("a second component named \(name.quoted)")
            }
        }
        self.components = components
    }
}
