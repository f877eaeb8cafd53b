// SPDX-License-Identifier: Apache-2.0

internal import StrictJSON

// How a document tells the disruption of an update. Greengrass knows `isGgcRestarting` alone.

extension JSON {
    /// As a broker tells it.
    func disruption() throws(JSONError) -> Disruption {
        let restarts = try bool("isGgcRestarting") ?? false
        return try string("disruption").map(Disruption.init(wire:))
            ?? (restarts ? .nucleus : .components)
    }

    /// As a coordinator asks for it: the flags may say less than `disruption`, or the same.
    func requestedDisruption() throws(JSONError) -> Disruption {
        let (restarts, reboots) = (try bool("isGgcRestarting"), try bool("reboots"))
        guard let word = try string("disruption") else {
            return reboots ?? false ? .reboot : restarts ?? false ? .nucleus : .components
        }
        let disruption = Disruption(wire: word)
        try check("isGgcRestarting", restarts, disruption.stopsNucleus, word)
        try check("reboots", reboots, disruption.stopsMachine, word)
        return disruption
    }

    private func check(
        _ name: String,
        _ flag: Bool?,
        _ isImplied: Bool,
        _ word: String
    ) throws(JSONError) {
        guard let flag, flag != isImplied else { return }
        throw JSONError("\(name): \(flag) contradicts the disruption \(quoted(word))")
    }
}

extension Disruption {
    /// Nil where the flags say it all.
    var requestedWord: String? { stopsMachine ? rawValue : nil }
}
