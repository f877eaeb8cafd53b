// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// One source of an event loop. It is removed from the loop with this value.
///
/// Its C callback gets back the object that `calls(_:)` named. That object owns this value, so the
/// callback cannot come after it.
struct EventSource: ~Copyable {
    /// Which of several ready sources is served first. Sources of equal priority take turns.
    enum Priority: Int64 {
        /// Served before busy peers.
        case prompt = -10
        case normal = 0
    }

    let pointer: OpaquePointer

    /// Takes over the source that one of the `sd_event_add_…` functions made.
    init(
        _ operation: String,
        priority: Priority = .normal,
        make: (UnsafeMutablePointer<OpaquePointer?>) -> Int32
    ) throws(SystemError) {
        var made: OpaquePointer?
        let result = make(&made)
        try checkSystemd(result, operation)
        guard let made else { preconditionFailure("libsystemd made no event source") }
        pointer = made
        sd_event_source_set_priority(made, priority.rawValue)
    }

    deinit { sd_event_source_disable_unref(pointer) }

    func calls(_ owner: AnyObject) {
        sd_event_source_set_userdata(pointer, Unmanaged.passUnretained(owner).toOpaque())
    }

    /// Turns the source off, or on until it fires (`SD_EVENT_ONESHOT`), or on (`SD_EVENT_ON`).
    func enable(_ how: Int) {
        sd_event_source_set_enabled(pointer, Int32(how))
    }

    /// The object that `calls(_:)` named, in a callback.
    static func owner<Owner: AnyObject>(
        _ userdata: UnsafeMutableRawPointer?,
        as _: Owner.Type
    ) -> Owner {
        guard let userdata else { preconditionFailure("an event source without an owner fired") }
        return Unmanaged<Owner>.fromOpaque(userdata).takeUnretainedValue()
    }
}
