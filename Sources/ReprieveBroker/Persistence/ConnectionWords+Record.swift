// SPDX-License-Identifier: Apache-2.0

internal import Negotiation

// What a participant's record says of its connections.

extension Participant {
    /// They are read into words of their own: it is not yet known which connections are there.
    mutating func codeWords(_ coder: inout some RecordCoder) throws(RecordError) {
        guard coder.isReading else {
            try coder.code(
                &detachedDeferral,
                &detachedOwner,
                &deferralsByPeer,
                &voices,
                &awayProcesses
            )
            var count = subscribers.count
            try coder.code(&count)
            for place in 0..<count {
                var stream = subscribers[place].stream
                try stream.code(&coder)
            }
            return
        }
        var words = ConnectionWords()
        // Since format 5, for connections that outlive the broker.
        if coder.format >= 5 {
            try coder.code(
                &words.detachedDeferral,
                &words.detachedOwner,
                &words.deferralsByPeer,
                &words.voices,
                &words.awayProcesses
            )
        }
        // Since format 6.
        if coder.format >= 6 { try coder.code(&words.streams) }
        restoredWords = words
    }
}

extension FieldCoder where Self: ~Copyable & ~Escapable {
    fileprivate mutating func code(
        _ detachedDeferral: inout Instant?,
        _ detachedOwner: inout Int32?,
        _ deferralsByPeer: inout [PeerID: Instant],
        _ voices: inout [Participant.Voice],
        _ awayProcesses: inout [Participant.AwayProcess]
    ) throws(RecordError) {
        var deferrals = ConnectionDeferral.list(deferralsByPeer)
        try code(&detachedDeferral)
        try code(&detachedOwner)
        try code(&deferrals)
        try code(&voices)
        // Since format 6.
        if format >= 6 { try code(&awayProcesses) }
        if isReading { deferralsByPeer = ConnectionDeferral.byPeer(deferrals) }
    }
}

/// When the deferral of one connection ends.
private struct ConnectionDeferral: Recordable {
    static var blank: Self { Self(peer: PeerID(0), end: .boot) }

    var peer: PeerID
    var end: Instant

    static func list(_ byPeer: [PeerID: Instant]) -> [Self] {
        byPeer.isEmpty
            ? [] : byPeer.map { Self(peer: $0.key, end: $0.value) }.sorted { $0.peer < $1.peer }
    }

    static func byPeer(_ list: [Self]) -> [PeerID: Instant] {
        list.isEmpty ? [:] : Dictionary(list.map { ($0.peer, $0.end) }) { max($0, $1) }
    }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&peer)
        try coder.code(&end)
    }
}

extension Participant.AwayProcess: Recordable {
    static var blank: Self { Self(process: 0, confirm: false, until: .boot) }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&process)
        try coder.code(&confirm)
        try coder.code(&until)
    }
}

extension Participant.Voice: Recordable {
    static var blank: Self { Self(process: 0, word: .late, at: .boot) }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try coder.code(&process)
        try coder.code(
            &word,
            in: [.ready(isFinal: false), .ready(isFinal: true), .toBeAsked, .late]
        )
        try coder.code(&at)
    }
}
