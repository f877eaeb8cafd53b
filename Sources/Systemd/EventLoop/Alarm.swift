// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// One timer on the clock of `EventLoop.now`. It fires once for each `set(to:)`, and never early.
///
/// Before it fires, every ready peer is reported: what arrived in time counts, however late the
/// loop woke up. If a handler then moved the alarm into the future, or turned it off, it does not
/// fire.
///
/// The alarm takes turns with the other sources of the loop: busy peers cannot delay it for ever,
/// and one that is due again and again cannot keep a connection from being accepted.
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

    /// Moves the alarm to an instant since boot, or turns it off. An instant in the past fires at
    /// once.
    ///
    /// To move it to a later instant costs nothing now: the loop wakes up at the earlier instant,
    /// and moves the timer then. Any other change costs one system call before the loop waits.
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
        // To report all peers takes long. An alarm that was moved needs only to be armed again.
        guard isDue else { return arm() }
        peers?.hearEveryone()
        loop.turn {
            guard isDue else { return arm() }
            set(to: nil)
            handler()
        }
    }

    private var isDue: Bool { instant.map { $0 <= loop.now } ?? false }

    private static func makeSource(on loop: EventLoop) throws(SystemError) -> EventSource {
        // 0 does not mean exact: libsystemd replaces it by 250 milliseconds.
        let accuracy: UInt64 = 1
        return try EventSource("set up a timer") {
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
