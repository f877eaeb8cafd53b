// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

/// The last event that `reprieve gate --json` prints, whatever happened. It is no frame.
package struct EndedShape: Shape {
    package enum Result: String, CaseIterable, Hashable, Sendable {
        /// The gate opened, and the program made the update.
        case released
        /// The gate opened, and another coordinator made the update.
        case joined
        case refused
        case cancelled
        /// Withdrawn by `--no-wait` at the first deferral.
        case deferred
        case interrupted
        case withoutBroker
        /// The wait ended with an error.
        case failed
    }

    package var deploymentID: String
    package var result = Result.failed
    package var basis: Basis?
    /// Nil until the broker has it.
    package var outcome: Outcome?
    package var exitCode: Int64 = 0
    package var message: String?
    package var unmatched: [String] = []

    package init(deploymentID: String) {
        self.deploymentID = deploymentID
    }

    package init(decoding json: JSON) throws(JSONError) {
        let json = try json.required("ended", json.object("ended"))
        deploymentID = try json.requiredString("deploymentId")
        result = try json.required("result", json.word("result"))
        basis = try json.word("basis")
        outcome = try json.word("outcome")
        exitCode = try json.integer("exitCode") ?? 0
        message = try json.string("message")
        unmatched = try json.strings("unmatched") ?? []
    }

    package func write(to object: inout ObjectWriter) {
        object.open("ended", "{")
        object.member("deploymentId", deploymentID)
        object.member("result", result.rawValue)
        object.member("basis", basis?.rawValue)
        object.member("outcome", outcome?.rawValue)
        object.member("exitCode", exitCode)
        object.member("message", message)
        object.member("unmatched", unmatched)
        object.close("}")
    }
}
