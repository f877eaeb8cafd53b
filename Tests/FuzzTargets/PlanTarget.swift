// SPDX-License-Identifier: Apache-2.0

import Deployments
import StrictJSON
import TestSupport

private let names = ["A", "B", "C", "D", "aws.greengrass.Nucleus"]
private let versions = ["1.0.0", "1.0.1", "1.1.0-beta", "1.1.0", "2.0.0"]
private let ranges = [
    "*", "1.0.0", ">=1.0.1", "<1.1.0", "^1.0.0", "~1.0", "1.0.0 || 2.0.0", ">2.0.0",
]
private let kinds = ["generic", "plugin", "nucleus", "lambda"]

/// Makes a catalogue, a deployment and a device of the input. Their plan comes in time, is the same
/// each time, and can be written. A device that refuses the deployment stays as it is.
func playPlans(_ input: [UInt8]) {
    var decisions = FuzzDecisions(input)
    var whole = Catalogue()
    let text = catalogue(&decisions)
    promise((try? whole.add(decoding: text.encoded())) != nil, "a catalogue cannot be read")
    guard let deployment = try? Deployment(decoding: roots(&decisions).encoded()),
        let device = try? InstalledComponents(decoding: installed(&decisions).encoded())
    else { fatalError("what was written cannot be read") }
    let start = threadTime()
    let plan = DeploymentPlan(deployment, installed: device, catalogue: whole)
    promise(threadTime() - start < .seconds(10), "a plan takes too long")
    promise(
        plan == DeploymentPlan(deployment, installed: device, catalogue: whole),
        "the same deployment has two plans"
    )
    promise((try? JSON(decoding: plan.json.encoded())) != nil, "a plan cannot be read")
    guard plan.existingDevice.refused != nil else { return }
    let isChanged = plan.existingDevice.components.contains { $0.before != $0.after }
    promise(!isChanged && plan.existingDevice.restarts == .none, "what is refused changes a device")
}

private func catalogue(_ decisions: inout FuzzDecisions) -> JSON {
    .object(
        names.map { name in
            let releases = versions.compactMap { version -> JSON.Member? in
                guard decisions.bool() else { return nil }
                return .init(version, release(&decisions))
            }
            return .init(name, .object(releases))
        }
    )
}

private func release(_ decisions: inout FuzzDecisions) -> JSON {
    let dependencies = names.compactMap { name -> JSON.Member? in
        guard decisions.number(below: 4) == 1 else { return nil }
        let type: JSON = decisions.bool() ? "SOFT" : "HARD"
        return .init(name, ["range": .string(decisions.pick(ranges)), "type": type])
    }
    return [
        "dependencies": .object(dependencies), "type": .string(decisions.pick(kinds)),
        "bootstrap": .bool(decisions.bool()),
    ]
}

private func roots(_ decisions: inout FuzzDecisions) -> JSON {
    let roots = names.compactMap { name -> JSON.Member? in
        guard decisions.bool() else { return nil }
        return .init(name, ["version": .string(decisions.pick(versions + ranges))])
    }
    return ["components": .object(roots)]
}

private func installed(_ decisions: inout FuzzDecisions) -> JSON {
    let there = names.compactMap { name -> JSON.Member? in
        guard decisions.bool() else { return nil }
        return .init(name, .string(decisions.pick(versions)))
    }
    let theirs = names.compactMap { name -> JSON.Member? in
        guard decisions.number(below: 4) == 1 else { return nil }
        return .init(name, .string(decisions.pick(ranges)))
    }
    return ["components": .object(there), "groups": ["theirs": .object(theirs)]]
}
