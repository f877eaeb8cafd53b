// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

// The bytes of one decision in the history.

extension DecisionShape {
    /// Omits what matters least until the decision fits, and returns it encoded: the participants
    /// that blocked for the shortest time, then the ends of long texts, then the last participant.
    mutating func shorten(to maximum: Int) -> [UInt8] {
        var json = encoded()
        guard json.count > maximum else { return json }
        let whole = self
        // As many participants as fit, at least one.
        var (fitting, tooMany) = (1, participants.count)
        while fitting + 1 < tooMany {
            let half = (fitting + tooMany) / 2
            self = whole.keeping(half)
            if encoded().count > maximum { tooMany = half } else { fitting = half }
        }
        self = whole.keeping(fitting)
        json = encoded()
        var length = Limits.text / 2
        while json.count > maximum, length > 0 {
            mapTexts { cut($0, to: length) }
            json = encoded()
            length /= 2
        }
        if json.count > maximum {
            self = keeping(0)
            json = encoded()
        }
        return json
    }

    private func keeping(_ count: Int) -> DecisionShape {
        var shape = self
        shape.participants = Array(participants.prefix(count))
        shape.omitted += Int64(participants.count - shape.participants.count)
        return shape
    }

    private mutating func mapTexts(_ change: (String) -> String) {
        reason = reason.map(change)
        message = message.map(change)
        forced?.mapReason(change)
        refused?.mapReason(change)
        cancelled?.mapReason(change)
        for place in participants.indices {
            participants[place].message = participants[place].message.map(change)
            let last = participants[place].lastDeferral?.message
            participants[place].lastDeferral?.message = last.map(change)
        }
    }
}

extension ByWhomShape {
    fileprivate mutating func mapReason(_ change: (String) -> String) { reason = change(reason) }
}
