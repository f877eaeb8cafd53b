// SPDX-License-Identifier: Apache-2.0

extension PermitStateMachine {
    /// One line for people.
    public var summary: String {
        let trouble = complaint.map { " (\($0))" } ?? ""
        if !asks.isEmpty { return "asks for a slot for \(asks.values.sorted()[0])" }
        if let update = agreed.min() { return "\(shownSlot) for \(update)" }
        if let kept { return "\(shownSlot), which is kept: \(kept)" }
        if let steadying { return "\(shownSlot) until steady after \(steadying)" }
        if let update = deferrals.keys.min() { return "\(update) waits for a slot\(trouble)" }
        if isLost { return "has no record, and waits for the broker" }
        return slot == .free ? "holds no slot" : "gives its slot back"
    }

    private var shownSlot: String {
        switch slot {
        case .free: "holds no slot"
        case .claimed: "may hold a slot"
        case .held: "holds a slot"
        }
    }
}
