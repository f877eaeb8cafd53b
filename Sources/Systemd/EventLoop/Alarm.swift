// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// One timer on the clock of `EventLoop.now`. It fires once for each `set(to:)`, and never early.
///
/// Before it fires, every peer that is ready is heard: what arrived in time counts, however late
/// the loop woke up. If that moved the alarm into the future, or turned it off, it does not fire.
///
/// The alarm goes ahead of the peers, which could otherwise put it off for ever by never falling
/// silent; and since it hears each of them once, it cannot put them off either.
package final class Alarm {
    private let source: EventSource
    private let loop: EventLoop
    private let peers: PeerPoll?
    private var handler: () -> Void = {}
    private var instant: Duration?
    /// When the source fires; nil while it is off.
    private var armedFor: Duration?

    /// An alarm that is off.
    package init(on loop: EventLoop, hearingFirst peers: PeerPoll? = nil) throws(SystemError) {
        source = try Self.makeSource(on: loop)
        self.loop = loop
        self.peers = peers
        source.enable(SD_EVENT_OFF)
        source.calls(self)
    }

    package func onFire(_ handler: @escaping () -> Void) {
        self.handler = handler
    }

    /// Moves the alarm to an instant since boot, or turns it off. One in the past fires at once.
    ///
    /// An alarm that is put off costs nothing now: it wakes the loop when it was due, and is put
    /// off then. Any other change costs the system call that the loop makes before it waits.
    package func set(to instant: Duration?) {
        self.instant = instant
        if let instant, let armedFor, armedFor <= instant { return }
        arm()
    }

    private func arm() {
        guard armedFor != instant else { return }
        armedFor = instant
        guard let instant else { return source.enable(SD_EVENT_OFF) }
        sd_event_source_set_time(source.pointer, instant.roundedUpToMicroseconds)
        source.enable(SD_EVENT_ONESHOT)
    }

    private func fire() {
        armedFor = nil
        peers?.hearEveryone()
        loop.turn {
            guard let instant, instant <= loop.now else { return arm() }
            set(to: nil)
            handler()
        }
    }

    private static func makeSource(on loop: EventLoop) throws(SystemError) -> EventSource {
        // 0 would not mean exact: libsystemd takes it for a quarter of a second.
        let accuracy: UInt64 = 1
        return try EventSource("set up a timer", priority: .prompt) {
            sd_event_add_time(
                loop.event,
                $0,
                CLOCK_BOOTTIME,
                UInt64.max,
                accuracy,
                { _, _, userdata in
                    EventSource.owner(userdata, as: Alarm.self).fire()
                    return 0
                },
                nil
            )
        }
    }
}
