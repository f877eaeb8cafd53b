// SPDX-License-Identifier: Apache-2.0

internal import ReprieveTypes
package import StrictJSON

extension DeploymentPlan {
    /// The document that `Protocol/schemas/DeploymentPlan.json` describes.
    package var json: JSON {
        [
            "newDevice": newDevice.json, "existingDevice": existingDevice.json,
            "warnings": .array(warnings.map { .string($0) }),
        ]
    }
}

extension DevicePlan {
    var json: JSON {
        var members: [JSON.Member] = [
            .init("components", .array(components.map(\.json))),
            .init("restarts", .string(restarts.rawValue)),
            .init("restartsBecause", .array(restartsBecause.map { .string($0) })),
            .init("mayReboot", .bool(mayReboot)),
            .init("disruption", .string(disruption.rawValue)),
            .init("asks", .array(asks.map { .string($0) })),
            .init("action", .string(action.rawValue)),
            .init("timeoutMs", .integer(timeoutMs)),
        ]
        if let refused { members.append(.init("refused", refused.json)) }
        return .object(members)
    }
}

extension DevicePlan.Change {
    fileprivate var json: JSON {
        var members: [JSON.Member] = [.init("component", .string(component))]
        if let before { members.append(.init("before", .string(before.text))) }
        if let after { members.append(.init("after", .string(after.text))) }
        members.append(.init("because", .string(because)))
        return .object(members)
    }
}

extension Refusal {
    fileprivate var json: JSON {
        var members: [JSON.Member] = []
        if let component { members.append(.init("component", .string(component))) }
        members.append(.init("reason", .string(reason)))
        if let suggestion { members.append(.init("suggestion", .string(suggestion))) }
        return .object(members)
    }
}
