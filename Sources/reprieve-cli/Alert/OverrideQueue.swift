// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import Synchronization

/// The overrides whose hooks wait for their turn. The components of one unit have a share of the
/// room: a process in it can take any number of names.
final class OverrideQueue: Sendable {
    private let continuation: AsyncStream<Override>.Continuation
    private let limitOfUnit: Int
    /// Those that wait, by unit.
    private let counts = Mutex<[Substring: Int]>([:])

    init(_ continuation: AsyncStream<Override>.Continuation, ofUnit limit: Int) {
        self.continuation = continuation
        limitOfUnit = limit
    }

    /// Returns false if there is no room.
    func add(_ override: Override) -> Bool {
        counts.withLock { counts in
            guard counts[override.unit, default: 0] < limitOfUnit,
                case .enqueued = continuation.yield(override)
            else { return false }
            counts[override.unit, default: 0] += 1
            return true
        }
    }

    /// One has its turn.
    func took(_ override: Override) {
        counts.withLock { counts in
            let left = counts[override.unit, default: 1] - 1
            counts[override.unit] = left > 0 ? left : nil
        }
    }
}

extension Override {
    /// "till" of "till/com.example.Camera"; all of a name without a unit.
    fileprivate var unit: Substring { participant.component.prefix { $0 != "/" } }
}
