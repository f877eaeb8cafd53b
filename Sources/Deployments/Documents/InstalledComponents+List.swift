// SPDX-License-Identifier: Apache-2.0

internal import StrictJSON

extension InstalledComponents {
    private static let nameLabel = "Component Name:"
    private static let versionLabel = "Version:"

    /// Reads what `greengrass-cli component list` prints: a line with a component's name, and below
    /// it one with its version. All other lines are ignored.
    init(list bytes: [UInt8]) throws(JSONError) {
        self.init()
        guard bytes.count <= JSONLimits.deployments.maximumBytes else {
            throw JSONError("more than \(JSONLimits.deployments.maximumBytes) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw JSONError("the text is not UTF-8")
        }
        var components: [String: SemanticVersion] = [:]
        var name: String?
        var count = 0
        for (index, line) in text.split(
            omittingEmptySubsequences: false,
            whereSeparator: \.isNewline
        )
        .enumerated() {
            let node = Node(.null, "line \(index + 1)")
            let line = line.drop { $0 == " " || $0 == "\t" }
            if let value = Self.value(Self.nameLabel, line) {
                name = try node.checkedName(value)
                count += 1
            } else if let value = Self.value(Self.versionLabel, line), let component = name {
                name = nil
                guard value != "null", !isBuiltIn(component, value) else { continue }
                let version = try Node(.string(value), node.place).version()
                guard components.updateValue(version, forKey: component) == nil else {
                    throw node.error("a second component named \(component.quoted)")
                }
            }
        }
        guard count > 0 else {
            throw JSONError("this is neither JSON nor a list of components")
        }
        self.components = components
    }

    private static func value(_ label: String, _ line: Substring) -> String? {
        guard line.hasPrefix(label) else { return nil }
        var value = line.dropFirst(label.count).drop { $0 == " " || $0 == "\t" }
        while value.last == " " || value.last == "\r" { value.removeLast() }
        return String(value)
    }
}

/// Whether a list has what is part of the nucleus, which comes with it. Its version is null or
/// 0.0.0.
func isBuiltIn(_ name: String, _ version: String) -> Bool {
    let names = [
        "DeploymentService", "FleetStatusService", "TelemetryAgent", "UpdateSystemPolicyService",
    ]
    return version == "0.0.0" && names.contains(name)
}
