// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

/// `reprieve#CompleteUpdateRequest`.
package struct CompleteRequest: Shape {
    package var deploymentID: String
    /// One of `Outcome.reportable`.
    package var outcome: Outcome
    package var message: String?

    package init(deploymentID: String, outcome: Outcome, message: String? = nil) {
        self.deploymentID = deploymentID
        self.outcome = outcome
        self.message = message
    }

    package init(decoding json: JSON) throws(JSONError) {
        deploymentID = try json.deploymentID()
        outcome = try json.required("outcome", json.word("outcome"))
        message = try json.text("message")
        guard Outcome.reportable.contains(outcome) else {
            throw JSONError("outcome: \(outcome.rawValue) is not applied, failed or rolledBack")
        }
    }

    package func write(to object: inout ObjectWriter) {
        object.member("deploymentId", deploymentID)
        object.member("outcome", outcome.rawValue)
        object.text("message", message)
    }
}

/// `reprieve#CancelUpdateRequest` and `reprieve#ForceUpdateRequest`.
package struct ReasonedRequest: Shape {
    package var deploymentID: String
    package var reason: String

    package init(deploymentID: String, reason: String) {
        self.deploymentID = deploymentID
        self.reason = reason
    }

    package init(decoding json: JSON) throws(JSONError) {
        deploymentID = try json.deploymentID()
        reason = try json.required("reason", json.text("reason"))
    }

    package func write(to object: inout ObjectWriter) {
        object.member("deploymentId", deploymentID)
        object.text("reason", reason)
    }
}
