// SPDX-License-Identifier: Apache-2.0

internal import Negotiation

// What a participant's record says of its connections.

extension Participant {
    /// They are read into words of their own: it is not yet known which connections are there.
    mutating func codeWords(_ coder: inout some RecordCoder) throws(RecordError) {
        guard coder.isReading else {
            try Self.code(
                &detachedDeferral,
                &detachedOwner,
                &deferralsByPeer,
                &voices,
                &awayProcesses,
                &coder
            )
            var count = subscribers.count
            try count.code(&coder)
            for place in 0..<count {
                var stream = subscribers[place].stream
                try stream.code(&coder)
            }
            return
        }
        var words = ConnectionWords()
        // Since format 5, for connections that outlive the broker.
        if coder.format >= 5 {
            try Self.code(
                &words.detachedDeferral,
                &words.detachedOwner,
                &words.deferralsByPeer,
                &words.voices,
                &words.awayProcesses,
                &coder
            )
        }
        // Since format 6.
        if coder.format >= 6 { try words.streams.code(&coder) }
        restoredWords = words
    }

    private static func code(
        _ detachedDeferral: inout Instant?,
        _ detachedOwner: inout Int32?,
        _ deferralsByPeer: inout [PeerID: Instant],
        _ voices: inout [Participant.Voice],
        _ awayProcesses: inout [Participant.AwayProcess],
        _ coder: inout some RecordCoder
    ) throws(RecordError) {
        var deferrals = ConnectionDeferral.list(deferralsByPeer)
        try detachedDeferral.code(&coder)
        try detachedOwner.code(&coder)
        try deferrals.code(&coder)
        try voices.code(&coder)
        // Since format 6.
        if coder.format >= 6 { try awayProcesses.code(&coder) }
        if coder.isReading { deferralsByPeer = ConnectionDeferral.byPeer(deferrals) }
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
        try peer.code(&coder)
        try end.code(&coder)
    }
}

extension Participant.AwayProcess: Recordable {
    static var blank: Self { Self(process: 0, confirm: false, until: .boot) }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try process.code(&coder)
        try confirm.code(&coder)
        try until.code(&coder)
    }
}

extension Participant.Voice: Recordable {
    static var blank: Self { Self(process: 0, word: .late, at: .boot) }

    mutating func code(_ coder: inout some RecordCoder) throws(RecordError) {
        try process.code(&coder)
        try word.code(
            &coder,
            in: [.ready(isFinal: false), .ready(isFinal: true), .toBeAsked, .late]
        )
        try at.code(&coder)
    }
}
