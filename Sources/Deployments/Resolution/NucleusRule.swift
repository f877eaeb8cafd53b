// SPDX-License-Identifier: Apache-2.0

/// A nucleus that the deployment does not name changes its patch only.
struct NucleusRule: Sendable {
    let name: String
    let installed: SemanticVersion

    func allows(_ component: String, _ version: SemanticVersion) -> Bool {
        component != name || version.isPatch(of: installed)
    }

    /// For a nucleus of which only another minor or major version would do.
    func refusal(_ version: SemanticVersion, _ required: [Requirement]) -> Refusal {
        Refusal(
            name,
            "\(name) \(installed.text) is installed and the deployment does not name another"
                + " version, so only its patch may change; but \(required.text)",
            suggestion: "name \(name) \(version.text) in the deployment"
        )
    }
}
