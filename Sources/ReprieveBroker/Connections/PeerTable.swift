// SPDX-License-Identifier: Apache-2.0

package import Negotiation

/// A value for each peer, changed in place and found without hashing: the broker's host assigns the
/// numbers of peers, and a number names a slot.
struct PeerTable<Value> {
    /// Without gaps, in no order.
    private(set) var values: [Value] = []
    /// The peer of each value.
    private(set) var ids: [PeerID] = []
    /// By slot, where its peer stands; -1 where it has none.
    private var places: [Int32] = []

    var count: Int { values.count }

    /// The index of a peer's value until a peer is added or removed.
    func index(of id: PeerID) -> Int? {
        guard id.slot < places.count else { return nil }
        let place = Int(places[id.slot])
        return place >= 0 && ids[place] == id ? place : nil
    }

    func id(at index: Int) -> PeerID { ids[index] }

    subscript(index: Int) -> Value {
        _read { yield values[index] }
        _modify { yield &values[index] }
    }

    subscript(id: PeerID) -> Value? {
        index(of: id).map { values[$0] }
    }

    /// Adds a peer that is not in the table.
    mutating func add(_ id: PeerID, _ value: Value) {
        while places.count <= id.slot { places.append(-1) }
        precondition(places[id.slot] < 0, "a slot has one peer at a time")
        places[id.slot] = Int32(values.count)
        ids.append(id)
        values.append(value)
    }

    mutating func remove(_ id: PeerID) -> Value? {
        guard let index = index(of: id) else { return nil }
        places[id.slot] = -1
        let last = values.count - 1
        if index != last { places[ids[last].slot] = Int32(index) }
        ids.swapAt(index, last)
        ids.removeLast()
        values.swapAt(index, last)
        return values.removeLast()
    }
}

extension PeerTable: Sendable where Value: Sendable {}

/// Gives each peer a number that no other ever has, and with it a slot that no other has at once.
package struct PeerNumbers: Sendable {
    private var latest: UInt64 = 0
    private var slotCount: UInt64 = 0
    private var freeSlots: [UInt64] = []

    package init() {}

    package mutating func take() -> PeerID {
        latest += 1
        if let slot = freeSlots.popLast() { return PeerID(latest << PeerID.slotWidth | slot) }
        slotCount += 1
        return PeerID(latest << PeerID.slotWidth | slotCount)
    }

    /// Takes the number that an earlier broker gave. These are taken first, sorted by their slots.
    package mutating func take(_ id: PeerID) {
        latest = max(latest, id.number >> PeerID.slotWidth)
        while slotCount < id.slot {
            slotCount += 1
            if slotCount < id.slot { freeSlots.append(slotCount) }
        }
    }

    /// Frees the slot of a peer that has been removed.
    package mutating func giveBack(_ id: PeerID) { freeSlots.append(UInt64(id.slot)) }
}

extension PeerID {
    /// Bits of a number that name the slot. The others count peers.
    fileprivate static let slotWidth: UInt64 = 24

    /// The slot that the number names. A later peer may have the same.
    package var slot: Int { Int(number & (1 << Self.slotWidth - 1)) }
}
