// SPDX-License-Identifier: Apache-2.0

import ReprieveBroker
import Systemd

/// The peers that take turns as one: those of an account. A group takes a descriptor, and a user
/// that has many uids has many accounts. So only so many accounts of components have a group of
/// their own. Further ones share a few: uids that lie next to each other, as a user's do, share
/// one.
final class PeerGroups {
    private enum Members: Hashable {
        case account(AccountID)
        case neighbours(UInt32)
    }

    /// As many uids as a user gets in /etc/subuid.
    private static let neighbours: UInt32 = 65_536

    private let poll: PeerPoll
    /// Groups that components may have, and those of them that accounts share.
    private let room: Int
    private let sharedRoom: Int
    private var groups: [Members: PeerGroup] = [:]
    private var ownCount = 0
    private var sharedCount = 0

    init(_ poll: PeerPoll, room: Int) {
        self.poll = poll
        self.room = room
        sharedRoom = max(1, min(16, room / 2))
    }

    /// Descriptors that groups of components may still take.
    var descriptorsLeft: Int { max(0, room - ownCount - sharedCount) }

    /// Where a peer of an account belongs: a group that is there, or a new one.
    func group(of account: AccountID) throws(SystemError) -> PeerGroup {
        if let group = groups[.account(account)] { return group }
        let members = newMembers(account)
        if let group = groups[members] { return group }
        let group = try poll.makeGroup()
        groups[members] = group
        count(members, 1)
        return group
    }

    func removeIfEmpty(_ group: PeerGroup) {
        guard group.peerCount == 0,
            let members = groups.first(where: { $0.value === group })?.key
        else { return }
        groups[members] = nil
        count(members, -1)
    }

    /// Clients of the control socket always have a group of their own.
    private func newMembers(_ account: AccountID) -> Members {
        let isAlone = account.endpoint == .control || ownCount < room - sharedRoom
        if isAlone { return .account(account) }
        return .neighbours(account.user / Self.neighbours % UInt32(sharedRoom))
    }

    private func count(_ members: Members, _ change: Int) {
        switch members {
        case .account(let account): if account.endpoint == .components { ownCount += change }
        case .neighbours: sharedCount += change
        }
    }
}
