// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// One signal, delivered as an event instead of an interruption.
final class SignalSource {
    private let source: EventSource
    private unowned let loop: EventLoop
    private let handler: () -> Void

    init(
        _ number: Int32,
        on loop: EventLoop,
        _ handler: @escaping () -> Void
    ) throws(SystemError) {
        Self.block(number)
        source = try EventSource("watch a signal", priority: .prompt) {
            sd_event_add_signal(
                loop.event,
                $0,
                number,
                { _, _, userdata in
                    EventSource.owner(userdata, as: SignalSource.self).deliver()
                    return 0
                },
                nil
            )
        }
        self.loop = loop
        self.handler = handler
        source.calls(self)
    }

    private func deliver() {
        loop.turn(handler)
    }

    private static func block(_ number: Int32) {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, number)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
