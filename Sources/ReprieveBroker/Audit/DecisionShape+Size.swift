// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

// The bytes of one decision in the history.

extension DecisionShape {
    /// Omits what matters least until the decision fits, and returns it encoded: participants that
    /// were not overridden, those that blocked for the shortest time first; then the ends of long
    /// texts; then overridden participants.
    mutating func shorten(to maximum: Int) -> [UInt8] {
        if leastLength <= maximum {
            let json = encoded()
            guard json.count > maximum else { return json }
        }
        let count = countThatFits(maximum)
        if count >= overriddenCount {
            let shorter = keeping(count)
            let json = shorter.encoded()
            if json.count <= maximum {
                self = shorter
                return json
            }
        }
        cutTexts(downTo: 64, toFit: overriddenCount, in: maximum)
        cutTexts(downTo: 1, toFit: 1, in: maximum)
        self = keeping(countThatFits(maximum))
        let shorter = encoded()
        guard shorter.count > maximum else { return shorter }
        self = keeping(0)
        return encoded()
    }

    /// Fewer bytes than the participants take, so that a decision of many is not encoded in vain.
    private var leastLength: Int {
        participants.reduce(0) { $0 + 64 + $1.component.utf8.count }
    }

    /// Cuts all texts to half, a quarter … of their limit until so many participants fit.
    private mutating func cutTexts(downTo shortest: Int, toFit count: Int, in maximum: Int) {
        var length = Limits.text / 2
        while length >= shortest, keeping(count).encoded().count > maximum {
            mapTexts { cut($0, to: length) }
            length /= 2
        }
    }

    /// They are listed first.
    private var overriddenCount: Int {
        participants.prefix { $0.state == .overridden }.count
    }

    /// As many participants as fit, at least one. Each is encoded once.
    private func countThatFits(_ maximum: Int) -> Int {
        let one = keeping(1)
        var (count, length) = (1, one.encoded().count - one.omitted.digitCount)
        while count < participants.count {
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
        shape.omittedOverridden += Int64(max(0, overriddenCount - count))
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
