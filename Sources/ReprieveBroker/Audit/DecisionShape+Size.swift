// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

// The bytes of one decision in the history.

extension DecisionShape {
    /// Omits what matters least until the decision fits, and returns it encoded: the participants
    /// that blocked for the shortest time, then the ends of long texts, then the last participant.
    mutating func shorten(to maximum: Int) -> [UInt8] {
        var json = encoded()
        guard json.count > maximum else { return json }
        self = keeping(countThatFits(maximum))
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

    /// As many participants as fit, at least one. Each is encoded once.
    private func countThatFits(_ maximum: Int) -> Int {
        let one = keeping(1)
        var (count, length) = (1, one.encoded().count - one.omitted.digitCount)
        while count < participants.count - 1 {
            let longer = length + 1 + participants[count].encoded().count
            let others = omitted + Int64(participants.count - count - 1)
            guard longer + others.digitCount <= maximum else { break }
            (count, length) = (count + 1, longer)
        }
        return count
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

extension Int64 {
    fileprivate var digitCount: Int { String(self).utf8.count }
}
