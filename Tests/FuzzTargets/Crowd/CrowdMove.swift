// SPDX-License-Identifier: Apache-2.0

/// What a whole crowd of peers does, one after the other or in one turn of the broker: four bytes
/// of a fuzzer's input.
struct CrowdMove {
    enum Kind: CaseIterable {
        case enter
        case subscribe
        case answer
        case sendPayload
        case sendPartOfFrame
        case ping
        case stopReading
        case read
        case closeStream
        case hangUp
        case announce
        case endUpdate
        case readDocuments
        case passTime
        case restart
        case reboot
        case changeSettings
        case negotiate
    }

    let kind: Kind
    /// What the move makes of them depends on its kind.
    let first: Int
    let second: Int
    /// The whole crowd, or every so-many-th of it.
    let stride: Int
    /// All that the crowd says arrives in one turn.
    let isOneTurn: Bool

    init(_ kind: Kind, _ first: Int = 0, _ second: Int = 0, stride: Int = 1, isOneTurn: Bool = true)
    {
        self.kind = kind
        self.first = first
        self.second = second
        self.stride = stride
        self.isOneTurn = isOneTurn
    }

    init(_ decisions: inout FuzzDecisions) {
        let kind = decisions.pick(Kind.allCases)
        let (first, second) = (Int(decisions.byte()), Int(decisions.byte()))
        let manner = decisions.number(below: 8)
        self.init(
            kind,
            first,
            second,
            stride: Self.strides[manner / 2],
            isOneTurn: manner & 1 == 0
        )
    }

    static let strides = [1, 2, 3, 16]

    /// The most that one input plays, so that an execution stays short.
    private static let maximumCount = 24

    static func program(_ input: [UInt8]) -> [CrowdMove] {
        var decisions = FuzzDecisions(input)
        var moves: [CrowdMove] = []
        while !decisions.isOver, moves.count < maximumCount { moves.append(.init(&decisions)) }
        return moves
    }
}

extension Array {
    /// One of a few, for any number.
    func choice(_ number: Int) -> Element { self[number % count] }
}
