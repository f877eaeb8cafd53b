// SPDX-License-Identifier: Apache-2.0

import ReprieveCoordinator

/// Stands for the updater's own work.
protocol Nucleus: Sendable {
    func apply(_ deploymentID: String) async throws
}

func apply(with nucleus: any Nucleus) async throws {
    let update = Update("d-42", reason: "nucleus 2.13.0", disruption: .nucleus)
    try await withGate(for: update) { release in
        try await nucleus.apply("d-42")
        return .applied
    }
}
