// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import ReprieveBroker

/// Whose processes a crowd's members are, as the kernel would say it.
enum CrowdAccount: CaseIterable {
    case oneUser
    case users
    case oneService
    case services
    case brokersUser
    /// No service gives them a name.
    case unnamed

    func credentials(_ member: Int) -> Credentials {
        let (user, place) =
            switch self {
            case .oneUser: (2_000, Place(unit: "user@2000.service", userUnit: "app.service"))
            case .users: (2_001 + member % 32, Place(unit: "user@\(2_001 + member % 32).service"))
            case .oneService: (99, Place(unit: "till.service"))
            case .services: (99, Place(unit: "till\(member % 64).service"))
            case .brokersUser: (Int(BrokerHarness.user), Place())
            case .unnamed: (2_100, Place(unit: "session-2.scope"))
            }
        return Credentials(process: Int32(member + 10), user: UInt32(user), place: place)
    }
}

/// What a crowd's members claim to be.
enum CrowdName: CaseIterable {
    case same
    case numbered
    /// In another order than that of their numbers.
    case scattered
    case honest
    case long
    case malformed

    static let honestName = "com.example.Honest"

    /// `generation` tells the names of one entry of a crowd from those of another.
    func claim(_ member: Int, generation: Int) -> String {
        switch self {
        case .same: "com.example.Same"
        case .numbered: "com.example.Part\(generation).N\(100_000 + member)"
        case .scattered: "com.example.Part\(generation).N\(member &* 48_271 % 65_537)"
        case .honest: Self.honestName
        case .long: "com.example." + String(repeating: "x", count: 80) + "\(generation).\(member)"
        case .malformed: String(repeating: "\u{1}", count: 100)
        }
    }
}
