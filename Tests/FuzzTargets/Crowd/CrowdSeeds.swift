// SPDX-License-Identifier: Apache-2.0

// What crowds do that were once too expensive, and one of each account and each kind of name.

let crowdSeeds: [[CrowdMove]] =
    CrowdAccount.allCases.indices.map { account in
        [
            CrowdMove(.enter, account, 1), CrowdMove(.subscribe), CrowdMove(.announce, 0, 8),
            CrowdMove(.answer, 16, 2, isOneTurn: false), CrowdMove(.readDocuments),
            CrowdMove(.hangUp, isOneTurn: false), CrowdMove(.passTime, 2),
            CrowdMove(.endUpdate, 0, 1), CrowdMove(.readDocuments, 1), CrowdMove(.restart),
        ]
    }
    + CrowdName.allCases.indices.map { name in
        [
            CrowdMove(.announce), CrowdMove(.enter, 1, name, isOneTurn: false),
            CrowdMove(.subscribe, 3, 2, isOneTurn: false), CrowdMove(.closeStream),
            CrowdMove(.answer, 0, 0), CrowdMove(.negotiate), CrowdMove(.restart),
            CrowdMove(.enter, 4, name), CrowdMove(.subscribe, isOneTurn: false),
            CrowdMove(.reboot),
        ]
    }
    + CrowdJSON.allCases.indices.map { json in
        [
            CrowdMove(.enter, 4, 1), CrowdMove(.sendPayload, json, 2),
            CrowdMove(.sendPayload, json, 3), CrowdMove(.sendPartOfFrame, 3),
        ]
    }
    + (0..<4).map { components in
        [
            CrowdMove(.enter, 4, 1), CrowdMove(.subscribe), CrowdMove(.changeSettings, 1),
            CrowdMove(.announce, 1, components),
            CrowdMove(.answer, 17, 1, isOneTurn: false), CrowdMove(.hangUp, isOneTurn: false),
            CrowdMove(.endUpdate, 1, 0), CrowdMove(.endUpdate, 1, 2),
            CrowdMove(.enter, 4, 2), CrowdMove(.subscribe, isOneTurn: false),
            CrowdMove(.announce, 1, components), CrowdMove(.endUpdate, 1, 1),
        ]
    }
    + [
        [
            CrowdMove(.enter, 1, 1), CrowdMove(.stopReading), CrowdMove(.ping),
            CrowdMove(.ping, isOneTurn: false), CrowdMove(.sendPartOfFrame, 2),
            CrowdMove(.passTime, 2), CrowdMove(.read),
        ],
        // Many components that a restart waits for.
        [
            CrowdMove(.enter, 3, 1), CrowdMove(.enter, 3, 1), CrowdMove(.enter, 1, 1),
            CrowdMove(.subscribe), CrowdMove(.restart),
        ],
    ]

extension CrowdMove {
    /// The bytes of a fuzzer's input that are this move.
    var encoded: [UInt8] {
        let kind = Kind.allCases.firstIndex(of: kind) ?? 0
        let manner = (Self.strides.firstIndex(of: stride) ?? 0) * 2 + (isOneTurn ? 0 : 1)
        return [kind, first, second, manner].map { UInt8($0) }
    }
}
