// SPDX-License-Identifier: Apache-2.0

import Systemd

/// One inhibitor that is to be held, or not. What logind says comes later, and what is wanted may
/// be another by then.
final class Hold {
    /// An inhibitor as logind is asked for it.
    struct Wish: Equatable {
        var who: String
        var why: String
    }

    private let mode: Logind.Mode
    private let logind: Logind
    private var wish: Wish?
    private var inhibitor: Inhibitor?
    /// Which question's answer still counts.
    private var latest = 0
    private var answered: (BusError?) -> Void = { _ in }

    init(_ mode: Logind.Mode, _ logind: Logind) {
        self.mode = mode
        self.logind = logind
    }

    var isHeld: Bool { inhibitor != nil }

    /// Calls `handler` when an inhibitor was taken, or with what logind has against it.
    func onAnswer(_ handler: @escaping (BusError?) -> Void) { answered = handler }

    /// Takes an inhibitor, exchanges it, or lets it go; nothing if that is done already.
    func keep(_ wish: Wish?) {
        guard wish != self.wish else { return }
        self.wish = wish
        take()
    }

    /// Takes it anew: logind may have forgotten it, or may allow now what it refused.
    func renew() {
        if wish != nil { take() }
    }

    private func take() {
        latest += 1
        guard let wish else {
            inhibitor = nil
            return
        }
        let question = latest
        // Until there is a new one the old one is kept.
        logind.inhibit(mode, who: wish.who, why: wish.why) { [weak self] answer in
            self?.take(answer, to: question)
        }
    }

    private func take(_ answer: Result<Inhibitor, BusError>, to question: Int) {
        guard question == latest else { return }
        switch answer {
        case .success(let new):
            inhibitor = new
            answered(nil)
        case .failure(let error): answered(error)
        }
    }
}
