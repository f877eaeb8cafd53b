// SPDX-License-Identifier: Apache-2.0

internal import Negotiation

/// Something for each peer. It is changed where it stands, and found without hashing.
struct PeerTable<Value> {
    /// In the order of `places`.
    private(set) var values: [Value] = []
    private var places = PeerPlaces()

    var count: Int { values.count }

    /// Where a peer is until the next one comes or goes.
    func index(of id: PeerID) -> Int? { places.index(of: id) }

    func id(at index: Int) -> PeerID { places.ids[index] }

    subscript(index: Int) -> Value {
        _read { yield values[index] }
        _modify { yield &values[index] }
    }

    subscript(id: PeerID) -> Value? {
        index(of: id).map { values[$0] }
    }

    /// Adds a peer that is not there yet.
    mutating func add(_ id: PeerID, _ value: Value) {
        places.add(id)
        values.append(value)
    }

    mutating func remove(_ id: PeerID) -> Value? {
        guard let index = places.remove(id) else { return nil }
        values.swapAt(index, values.count - 1)
        return values.removeLast()
    }
}

extension PeerTable: Sendable where Value: Sendable {}

/// Gives each peer a place, without gaps. Their numbers are ours, so no hash is needed that a peer
/// could not foresee.
private struct PeerPlaces: Sendable {
    private static var free: Int32 { -1 }

    private(set) var ids: [PeerID] = []
    /// A peer's place, at the slot of its number or at the first free one after it.
    private var slots: [Int32] = []

    func index(of id: PeerID) -> Int? {
        guard !slots.isEmpty else { return nil }
        let index = slots[slot(of: id)]
        return index == Self.free ? nil : Int(index)
    }

    /// The new peer has the last place.
    mutating func add(_ id: PeerID) {
        precondition(index(of: id) == nil, "each connection has a number of its own")
        if (ids.count + 1) * 2 > slots.count { grow() }
        slots[slot(of: id)] = Int32(ids.count)
        ids.append(id)
    }

    /// The place of the removed peer, which the last one takes.
    mutating func remove(_ id: PeerID) -> Int? {
        guard let index = index(of: id) else { return nil }
        free(slot(of: id))
        let last = ids.count - 1
        if index != last { slots[slot(of: ids[last])] = Int32(index) }
        ids.swapAt(index, last)
        ids.removeLast()
        return index
    }

    private mutating func grow() {
        slots = Array(repeating: Self.free, count: max(16, slots.count * 2))
        for index in ids.indices { slots[slot(of: ids[index])] = Int32(index) }
    }

    /// Frees a slot, and moves up those that stand behind it only because it was taken.
    private mutating func free(_ taken: Int) {
        slots[taken] = Self.free
        var slot = next(taken)
        while slots[slot] != Self.free {
            let index = slots[slot]
            slots[slot] = Self.free
            slots[self.slot(of: ids[Int(index)])] = index
            slot = next(slot)
        }
    }

    /// The slot that a peer has, or would get.
    private func slot(of id: PeerID) -> Int {
        let spread = id.number &* 0x9E37_79B9_7F4A_7C15 >> 32
        var slot = Int(truncatingIfNeeded: spread) & (slots.count - 1)
        while slots[slot] != Self.free, ids[Int(slots[slot])] != id { slot = next(slot) }
        return slot
    }

    private func next(_ slot: Int) -> Int { (slot + 1) & (slots.count - 1) }
}
