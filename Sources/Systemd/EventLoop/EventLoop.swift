// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// One sd-event loop. It waits for all its sources at once, on the thread that calls `run()`.
///
/// A *turn* is one batch of ready peers, one alarm, one batch of new connections, one message from
/// the bus, one change of a watched file or one signal. The handler of `onTurnEnd` runs after each
/// turn.
///
/// Nothing here may be used from a second thread.
package final class EventLoop {
    let event: OpaquePointer
    private var signals: [SignalSource] = []
    private var endOfTurn: () -> Void = {}

    /// Also makes the process ignore SIGPIPE: writing to a peer that hung up is an error instead.
    package init() throws(SystemError) {
        var event: OpaquePointer?
        try checkSystemd(sd_event_new(&event), "make an event loop")
        guard let event else { preconditionFailure("libsystemd made no event loop") }
        self.event = event
        signal(SIGPIPE, SIG_IGN)
    }

    deinit { sd_event_unref(event) }

    /// Runs until `exit(code:)`, and returns its code. A loop runs once.
    package func run() throws(SystemError) -> Int32 {
        try checkSystemd(sd_event_loop(event), "run the event loop")
    }

    /// Ends `run()` when the current handler returns.
    package func exit(code: Int32 = 0) {
        sd_event_exit(event, code)
    }

    /// Notifies systemd's watchdog from this loop from now on, if the unit has a watchdog. Returns
    /// whether it has one.
    @discardableResult
    package func feedWatchdog() throws(SystemError) -> Bool {
        try checkSystemd(sd_event_set_watchdog(event, 1), "feed the watchdog") > 0
    }

    /// Calls `handler` when the process receives this signal, before any other source is served.
    ///
    /// The signal is blocked in the calling thread: call this before other threads are started.
    package func onSignal(
        _ number: Int32,
        _ handler: @escaping () -> Void
    ) throws(SystemError) {
        try signals.append(SignalSource(number, on: self, handler))
    }

    /// Calls `handler` after each turn, for example to send what the turn has changed.
    package func onTurnEnd(_ handler: @escaping () -> Void) {
        endOfTurn = handler
    }

    /// Runs `body` as a turn.
    package func turn(_ body: () -> Void) {
        body()
        endOfTurn()
    }
}
