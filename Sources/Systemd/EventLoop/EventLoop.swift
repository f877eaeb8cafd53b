// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// One sd-event loop: it waits for everything at once, on the thread that calls `run()`.
///
/// A *turn* is one batch of ready peers, one alarm, one batch of new connections or one signal.
/// After each comes the handler of `onTurnEnd`.
///
/// Nothing here may be used from a second thread.
package final class EventLoop {
    let event: OpaquePointer
    private var signals: [SignalSource] = []
    private var endOfTurn: () -> Void = {}
    /// The clocks as they were read last, and the waking of the loop they were read in.
    var lastReading: (wokenAt: Duration, clocks: ClockReading)?

    /// Also makes the process ignore SIGPIPE: a peer that hung up is an error of one write.
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

    /// Ends `run()` after the handler at work.
    package func exit(code: Int32 = 0) {
        sd_event_exit(event, code)
    }

    /// Feeds systemd's watchdog from this loop from now on, if the unit has one.
    @discardableResult
    package func feedWatchdog() throws(SystemError) -> Bool {
        try checkSystemd(sd_event_set_watchdog(event, 1), "feed the watchdog") > 0
    }

    /// Calls `handler` when the process is sent this signal, ahead of anything else that waits.
    ///
    /// The signal is blocked in the calling thread: call this before there are other threads.
    package func onSignal(
        _ number: Int32,
        _ handler: @escaping () -> Void
    ) throws(SystemError) {
        try signals.append(SignalSource(number, on: self, handler))
    }

    /// What is to be done once after each turn, such as sending what its events changed.
    package func onTurnEnd(_ handler: @escaping () -> Void) {
        endOfTurn = handler
    }

    /// Runs a handler of a source that this module does not know, as a turn.
    package func turn(_ body: () -> Void) {
        body()
        endOfTurn()
    }
}
