// SPDX-License-Identifier: Apache-2.0

package import EventStream
internal import ReprieveProtocol
internal import Synchronization

extension Connection {
    /// Takes bytes that arrived, in any pieces.
    package func receive(_ bytes: [UInt8]) throws(FrameError) {
        state.withLock { $0.decoder.append(bytes) }
        while let frame = try nextFrame() { receive(frame) }
    }

    /// The error for bytes that make no sense: in the handshake the peer is no broker.
    package func broken(_ reason: String) -> ConnectionError {
        ConnectionError(isConnecting ? .notABroker : .broken, path, because: reason)
    }

    /// At the control socket a client needs no name.
    private func denied(_ reason: String) -> ConnectionError {
        ConnectionError(request == nil ? .notControl : .denied, path, because: reason)
    }

    /// How many frames have arrived, and whether a further one has begun.
    var arrival: (frames: Int, isPartial: Bool) {
        state.withLock { ($0.frames, $0.decoder.hasPartialFrame) }
    }

    /// When the next reply is due.
    var replyDeadline: SuspendingClock.Instant? {
        state.withLock { $0.replies.nextLimit?.deadline }
    }

    /// Gives up the replies that were due by now. Returns why the connection is to fail, if so.
    func giveUpReplies(dueBy now: SuspendingClock.Instant) -> String? {
        while let late = state.withLock({ $0.replies.nextLimit }), late.deadline <= now {
            if let operation = late.operation {
                return "no response to \(operation.rawValue) within \(duration(late.timeout))"
            }
            let continuation = state.withLock { $0.replies.removeValue(forKey: late.stream) }
            continuation?.finish()
        }
        return nil
    }

    private func nextFrame() throws(FrameError) -> Frame? {
        let result = state.withLock { state in
            Result { () throws(FrameError) in try state.decoder.next() }
        }
        return try result.get()
    }

    private func receive(_ frame: Frame) {
        let deliver = state.withLock { state in
            state.frames += 1
            return state.end.receive(frame).flatMap { delivery(of: $0, &state) }
        }
        deliver?()
    }

    /// What is to be done about an event once the lock is released.
    private func delivery(
        of event: ClientConnection.Event,
        _ state: inout State
    ) -> (() -> Void)? {
        switch event {
        case .connected:
            return delivery(of: [], to: 0, isLast: true, &state)
        case .denied(let reason):
            return { [self] in fail(denied(reason ?? "")) }
        case .response(let stream, let payload, let isLast),
            .event(let stream, let payload, let isLast):
            return delivery(of: payload, to: stream, isLast: isLast, &state)
        case .failed(let stream, let error):
            let continuation = state.replies.removeValue(forKey: stream)
            return { continuation?.finish(throwing: error) }
        case .ended(let stream):
            let continuation = state.replies.removeValue(forKey: stream)
            return { continuation?.finish() }
        case .reply(let frame):
            wire.send(frame)
            return nil
        case .broken(let reason):
            return { [self] in fail(broken(reason)) }
        }
    }

    private func delivery(
        of payload: [UInt8],
        to stream: Int32,
        isLast: Bool,
        _ state: inout State
    ) -> () -> Void {
        let continuation = state.replies[stream]
        state.replies.removeLimit(of: stream)
        if isLast { state.replies[stream] = nil }
        return { [self] in
            guard let continuation else { return }
            if !continuation.yield(payload) {
                let reason = "the broker sends faster than this program reads"
                fail(ConnectionError(.broken, path, because: reason))
            }
            if isLast { continuation.finish() }
        }
    }
}
