// SPDX-License-Identifier: Apache-2.0

import ReprieveBroker
import Systemd

/// An inhibitor lock of logind, in one mode, which is to be held or not. logind answers later; what
/// is wanted may have changed by then.
final class InhibitorLock {
    private let mode: Logind.Mode
    private let logind: Logind
    private var wanted: Inhibition.Lock?
    /// What logind is being asked for. One call is made at a time, however often another lock is
    /// wanted meanwhile.
    private var asked: Inhibition.Lock?
    private var inhibitor: Inhibitor?
    /// Which call's reply still counts.
    private var latestCall = 0
    private var answered: (BusError?) -> Void = { _ in }
    /// The lock is wanted, and logind has refused it and not granted it since.
    private(set) var isRefused = false

    init(_ mode: Logind.Mode, _ logind: Logind) {
        self.mode = mode
        self.logind = logind
    }

    var isHeld: Bool { inhibitor != nil }

    /// Calls `handler` when the lock was taken, or with the error that logind replied.
    func onAnswer(_ handler: @escaping (BusError?) -> Void) { answered = handler }

    /// Takes the lock, exchanges it or releases it. Does nothing if this is what was wanted before.
    func keep(_ lock: Inhibition.Lock?) {
        guard lock != wanted else { return }
        wanted = lock
        if lock == nil {
            inhibitor = nil
            isRefused = false
        } else if asked == nil {
            take()
        }
    }

    /// Takes a lock that is wanted once more: a logind that was restarted may have forgotten it,
    /// and what it was asked for.
    func renew() {
        asked = nil
        take()
    }

    /// Takes a lock that was refused.
    func retry() {
        if isRefused, asked == nil { take() }
    }

    private func take() {
        latestCall += 1
        asked = wanted
        guard let wanted else { return }
        let call = latestCall
        // Until there is a new lock the old one is kept.
        logind.inhibit(mode, who: wanted.who, why: wanted.why) { [weak self] reply in
            self?.receive(reply, to: call)
        }
    }

    private func receive(_ reply: Result<Inhibitor, BusError>, to call: Int) {
        guard call == latestCall else { return }
        let isAsWanted = asked == wanted
        asked = nil
        guard wanted != nil else { return }
        // A lock with an older text is a lock, too.
        switch reply {
        case .success(let new):
            inhibitor = new
            isRefused = false
            answered(nil)
        case .failure(let error):
            isRefused = true
            answered(error)
        }
        if !isAsWanted { take() }
    }
}
