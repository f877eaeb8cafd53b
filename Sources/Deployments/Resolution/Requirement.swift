// SPDX-License-Identifier: Apache-2.0

/// A range that one party sets for a component.
struct Requirement: Hashable, Sendable {
    enum Origin: Hashable, Sendable {
        /// The deployment names the component.
        case deployment
        /// Another group of the device names it.
        case group(String)
        case component(String, SemanticVersion)
    }

    var origin: Origin
    var range: VersionRange

    func isOf(_ component: String) -> Bool {
        if case .component(let name, _) = origin { name == component } else { false }
    }

    /// "com.example.App 1.0.0 requires >=2.0.0"
    var text: String {
        switch origin {
        case .deployment: "the deployment names \(range.text)"
        case .group(let name): "the group \(name) names \(range.text)"
        case .component(let name, let version): "\(name) \(version.text) requires \(range.text)"
        }
    }
}

/// Why a device refuses a deployment, and what would help.
package struct Refusal: Error, Hashable, Sendable {
    package var component: String?
    package var reason: String
    package var suggestion: String?

    init(_ component: String?, _ reason: String, suggestion: String? = nil) {
        (self.component, self.reason, self.suggestion) = (component, reason, suggestion)
    }

    package var text: String {
        "the deployment is refused: " + reason + (suggestion.map { "; " + $0 } ?? "")
    }
}

extension [Requirement] {
    func allow(_ version: SemanticVersion) -> Bool {
        lazy.map(\.range).allContain(version)
    }

    /// A few of them, and how many more there are.
    var text: String {
        let shown = prefix(4).map(\.text).joined(separator: ", ")
        return count > 4 ? shown + " and \(count - 4) more require other versions" : shown
    }
}
