// SPDX-License-Identifier: Apache-2.0

/// A binary heap. Events of one moment come out in the order in which they went in.
struct EventQueue<Event> {
    private struct Entry {
        let time: Duration
        let number: Int
        let event: Event

        func precedes(_ other: Entry) -> Bool {
            (time, number) < (other.time, other.number)
        }
    }

    private var heap: [Entry] = []
    private var latest = 0

    var nextTime: Duration? { heap.first?.time }

    mutating func insert(_ event: Event, at time: Duration) {
        latest += 1
        heap.append(Entry(time: time, number: latest, event: event))
        var child = heap.count - 1
        while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> (time: Duration, event: Event)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            sift()
        }
        return (first.time, first.event)
    }

    private mutating func sift() {
        var parent = 0
        while true {
            var least = 2 * parent + 1
            guard least < heap.count else { return }
            if least + 1 < heap.count, heap[least + 1].precedes(heap[least]) { least += 1 }
            guard heap[least].precedes(heap[parent]) else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
