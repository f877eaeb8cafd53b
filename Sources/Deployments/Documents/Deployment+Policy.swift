// SPDX-License-Identifier: Apache-2.0

internal import StrictJSON

extension Deployment {
    /// The largest number of seconds of a time-out.
    private static let maximumTimeout: Int64 = 2_147_483_647

    /// Reads how components are asked, and warns of what is left to the defaults.
    mutating func readPolicy(_ document: Node) throws(JSONError) {
        if isLocal {
            (action, timeoutMs) = (.skip, 0)
            warnings.append("a local deployment notifies no component")
            return
        }
        let policies = document["deploymentPolicies"] ?? document
        guard let policy = policies[["componentUpdatePolicy", "ComponentUpdatePolicy"]] else {
            warnings.append(
                "the document has no componentUpdatePolicy: components are notified, and have 60s"
            )
            return
        }
        if let node = policy[["action", "ComponentUpdatePolicyAction"]] {
            guard let action = Action(rawValue: try node.string()) else {
                let words = Action.allCases.map(\.rawValue).joined(separator: " or ")
                throw node.error("expected \(words), found \(try node.string().quoted)")
            }
            self.action = action
        }
        if let node = policy[["timeoutInSeconds", "timeout", "Timeout"]] {
            timeoutMs = try Self.milliseconds(node)
        }
    }

    /// A device's document may have a fraction of a second, which is rounded down to milliseconds.
    private static func milliseconds(_ node: Node) throws(JSONError) -> Int64 {
        switch node.value {
        case .integer(let seconds) where 0...maximumTimeout ~= seconds: return seconds * 1_000
        case .number(let spelling):
            guard let seconds = Double(spelling), 0...Double(maximumTimeout) ~= seconds else {
                break
            }
            return Int64(seconds * 1_000)
        case .integer: break
        default: throw node.isNot("a number")
        }
        throw node.error("expected seconds from 0 to \(maximumTimeout)")
    }
}
