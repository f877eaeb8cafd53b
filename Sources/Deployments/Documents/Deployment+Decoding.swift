// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

extension Deployment {
    /// Reads a document in any of its three spellings: that of `aws greengrassv2 get-deployment`,
    /// that which a device receives, and the older one with `Packages`. Members that are not known
    /// are ignored.
    package init(decoding bytes: [UInt8]) throws(JSONError) {
        let document = Node(try JSON(decoding: bytes, limits: .deployments))
        guard case .object = document.value else { throw document.isNot("an object") }
        id = try document[["deploymentId", "DeploymentId"]]?.string()
        if let packages = document["Packages"] {
            try readPackages(packages)
        } else if let components = document["components"] {
            try readComponents(components)
        } else {
            throw document.error("there is neither \"components\" nor \"Packages\"")
        }
        try readGroup(document)
        try readPolicy(document)
    }

    private mutating func readComponents(_ components: Node) throws(JSONError) {
        for (name, component) in try components.members() {
            let name = try components.checkedName(name)
            guard let version = component[["componentVersion", "version"]] else {
                throw component.error("there is no \"componentVersion\"")
            }
            roots.append(Root(name: name, requirement: try Self.requirement(version)))
            try readUpdates(component, of: name)
        }
    }

    private mutating func readPackages(_ packages: Node) throws(JSONError) {
        var names: Set<String> = []
        for package in try packages.elements() {
            guard let node = package["Name"] else { throw package.error("there is no \"Name\"") }
            let name = try node.checkedName(try node.string())
            guard names.insert(name).inserted else {
                throw node.error("a second package named \(name.quoted)")
            }
            // As a nucleus has it: a package that does not say that it is a root is none.
            guard try package["RootComponent"]?.bool() == true else { continue }
            guard let version = package["ResolvedVersion"] else {
                throw package.error("there is no \"ResolvedVersion\"")
            }
            roots.append(Root(name: name, requirement: try Self.requirement(version)))
            try readUpdates(package, of: name)
        }
    }

    /// The version, or in some documents an object that has it as `value`.
    private static func requirement(_ node: Node) throws(JSONError) -> String {
        try (node["value"] ?? node).string()
    }

    private mutating func readGroup(_ document: Node) throws(JSONError) {
        let names = [
            "onBehalfOf", "OnBehalfOf", "targetArn", "configurationArn", "groupName", "GroupName",
            "ConfigurationArn",
        ]
        guard let target = try document[names]?.string() else { return }
        isLocal = target == Self.localGroup
        group = groupName(target)
    }
}

/// The name of the group in an ARN such as `arn:aws:iot:REGION:ACCOUNT:thinggroup/NAME`. One of a
/// configuration has the deployment's revision behind the name.
private func groupName(_ target: String) -> String {
    guard target.hasPrefix("arn:") else { return target }
    let parts = target.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
    guard let resource = parts.last, parts.count == 6 else { return target }
    var text = resource
    if text.hasPrefix("configuration:") { text = text.dropFirst("configuration:".count) }
    return String(text.prefix { $0 != ":" })
}
