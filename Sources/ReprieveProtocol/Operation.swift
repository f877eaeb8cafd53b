// SPDX-License-Identifier: Apache-2.0

/// What a client can ask for, by its name on the wire.
package enum Operation: String, CaseIterable, Hashable, Sendable {
    case subscribeToComponentUpdates = "aws.greengrass#SubscribeToComponentUpdates"
    case deferComponentUpdate = "aws.greengrass#DeferComponentUpdate"
    /// Accepted without effect, so that ordinary Greengrass components start.
    case updateState = "aws.greengrass#UpdateState"

    case gateUpdate = "reprieve#GateUpdate"
    case completeUpdate = "reprieve#CompleteUpdate"
    case cancelUpdate = "reprieve#CancelUpdate"
    case forceUpdate = "reprieve#ForceUpdate"
    case getStatus = "reprieve#GetStatus"
    case watchStatus = "reprieve#WatchStatus"
    case getHistory = "reprieve#GetHistory"
    case getMetrics = "reprieve#GetMetrics"

    package var requestModel: String { rawValue + "Request" }

    package var responseModel: String { rawValue + "Response" }

    /// The model of what follows the response; nil for a call, which the response ends.
    package var eventModel: String? {
        switch self {
        case .subscribeToComponentUpdates: "aws.greengrass#ComponentUpdatePolicyEvents"
        case .gateUpdate: "reprieve#GateEvents"
        case .watchStatus: "reprieve#StatusEvents"
        default: nil
        }
    }

    package var isStream: Bool { eventModel != nil }

    /// Served by the upstream, where there is one: only there it has an effect.
    var isForwarded: Bool { self == .updateState }

    /// Served on the control socket only.
    package var isControl: Bool {
        switch self {
        case .subscribeToComponentUpdates, .deferComponentUpdate, .updateState: false
        case .gateUpdate, .completeUpdate, .cancelUpdate, .forceUpdate, .getStatus, .watchStatus,
            .getHistory, .getMetrics:
            true
        }
    }
}
