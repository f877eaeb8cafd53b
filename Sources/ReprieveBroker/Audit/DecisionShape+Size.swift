// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

// The bytes of one decision in the history.

extension DecisionShape {
    /// Omits what matters least until the decision fits, and returns it encoded: participants that
    /// were not overridden, those that blocked for the shortest time first; then the ends of long
    /// texts; then overridden participants.
    mutating func shorten(to maximum: Int) -> [UInt8] {
        if participants.count <= Self.few {
            let json = encoded()
            guard json.count > maximum else { return json }
        }
        if let json = encode(atLeast: overriddenCount, in: maximum) { return json }
        cutTexts(downTo: 64, toFit: overriddenCount, in: maximum)
        cutTexts(downTo: 1, toFit: 1, in: maximum)
        if let json = encode(atLeast: 0, in: maximum) { return json }
        self = keeping(0)
        return encoded()
    }

    /// So many fit, as a rule, and need not be encoded one by one.
    private static var few: Int { 32 }

    /// Keeps as many participants as fit, and returns the decision encoded; nil where fewer fit.
    /// Each is encoded once, and none that has no room.
    private mutating func encode(atLeast least: Int, in maximum: Int) -> [UInt8]? {
        var (pieces, length): ([[UInt8]], Int) = ([], encoded(with: []).count)
        for participant in participants {
            let piece = participant.encoded()
            length += piece.count + (pieces.isEmpty ? 0 : 1)
            guard length <= maximum else { break }
            pieces.append(piece)
        }
        while pieces.count >= least {
            let shape = keeping(pieces.count)
            let json = shape.encoded(with: pieces)
            if json.count <= maximum {
                self = shape
                return json
            }
            guard pieces.popLast() != nil else { break }
        }
        return nil
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
