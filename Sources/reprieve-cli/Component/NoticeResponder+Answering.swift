// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import ReprieveTransport
internal import Synchronization

extension NoticeResponder {
    func answer(_ notice: PreUpdateEvent, _ event: HookEvent) async {
        let time = notice.respondByMs.map { Duration.milliseconds($0) } ?? Limit.notice
        // A component that is told, and not asked, has the usual time.
        let limit = time > .zero ? time : Limit.notice
        let grace = min(Limit.grace, limit / 10)
        let result: CapturedProcess.Result
        do { result = try await runHook(event, limit: limit - grace, grace: grace) } catch {
            Failure(error)?.print()
            guard let answer = failure("COMMAND did not run", of: notice.deploymentID, .silent)
            else { return }
            return await send(answer, to: notice)
        }
        guard !Task.isCancelled, let answer = answer(result, to: notice.deploymentID) else {
            return
        }
        await send(answer, to: notice)
    }

    func runHook(
        _ event: HookEvent,
        limit: Duration,
        grace: Duration
    ) async throws -> CapturedProcess.Result {
        let now = ContinuousClock.now
        var left = limit
        if case .notice(_, let arrival) = event { left = max(grace, limit - (now - arrival)) }
        let hook = try await CapturedProcess(
            executable,
            environment: event.environment(at: now),
            until: now + left
        )
        let result = await hook.waitForEnd(within: left, grace: grace)
        let isDeferral = !event.isOutcome && result.termination == .exited(NoticeAnswer.deferring)
        if !isDeferral { OutputStream.events.write(result.output) }
        return result
    }

    /// Nil if the hook gave no answer.
    private func answer(_ result: CapturedProcess.Result, to id: String) -> NoticeAnswer? {
        switch result.termination {
        case .exited(0): return .acknowledge()
        case .exited(NoticeAnswer.deferring):
            let output = String(decoding: result.output, as: UTF8.self)
            if let answer = NoticeAnswer(deferring: output) { return answer }
            let usual = duration(NoticeAnswer.usualDeferral)
            let first = quoted(String(output.prefix { !$0.isNewline }))
            warn(id, "COMMAND deferred without a duration, \(first): taken as \(usual)")
            return .defer(milliseconds: NoticeAnswer.usualDeferral, message: nil)
        case _ where result.wasSignalled:
            warn(id, "COMMAND gave no answer in time, and was ended")
            return nil
        case let termination:
            let usual: OnFailure = termination.isBroken ? .silent : .acknowledge
            return failure("COMMAND \(termination.sentence)", of: id, usual)
        }
    }

    private func failure(_ text: String, of id: String, _ usual: OnFailure) -> NoticeAnswer? {
        switch onFailure ?? usual {
        case .acknowledge:
            warn(id, text + ": taken as an acknowledgement")
            return .acknowledge(message: text)
        case .defer:
            warn(id, "\(text): deferred for \(duration(NoticeAnswer.usualDeferral))")
            return .defer(milliseconds: NoticeAnswer.usualDeferral, message: text)
        case .silent:
            warn(id, text + ": no answer is given")
            return nil
        }
    }

    private func send(_ answer: NoticeAnswer, to notice: PreUpdateEvent) async {
        let id = notice.deploymentID
        let request = answer.request(to: notice)
        guard let connection = state.withLock({ $0.connection }) else { return }
        do {
            let response = try await connection.call(.deferComponentUpdate, request)
            let grant = try? DeferResponse(decoding: response)
            note(id, answer.text(to: notice, granted: grant?.grantedMs))
        } catch {
            // A lost connection is reported by the subscription, and the broker asks again.
            guard let error = error as? ErrorShape else { return }
            warn(id, "the answer has no effect: \(Failure(error).message)")
        }
    }

    func note(_ id: String, _ text: String) {
        OutputStream.error.line("update \(shown(id)) \(text)")
    }

    private func warn(_ id: String, _ text: String) {
        OutputStream.error.line("reprieve: update \(shown(id)): \(text)")
    }
}
