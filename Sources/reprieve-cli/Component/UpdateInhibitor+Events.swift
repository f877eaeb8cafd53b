// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import ReprieveTransport
internal import Synchronization

extension UpdateInhibitor {
    /// Milliseconds. A shorter deferral is not renewed before it ends.
    private static let shortestRenewed: Int64 = 900

    func handle(_ event: ComponentSubscription.Event) async {
        switch event {
        case .connected: break
        case .subscribed(let connection, let response):
            let hasBegun = state.withLock { state in
                // After a restart, the broker keeps running deferrals, and does not ask again.
                state.connection = connection
                let isWhole = !SubscribeResponse.mayBeCut(response.underway)
                if isWhole { state.underway = [] }
                state.underway.formUnion(response.underway.prefix(Limits.updatesOfComponent))
                state.awaitsNotices = ifWaiting != .start
                return state.hasBegun
            }
            let underway = response.underway.prefix(Limits.updatesOfComponent)
            for id in underway where hasBegun && !ownUpdates.contains(id) {
                warn(id, "is under way, despite: \(why)")
            }
        case .caughtUp: state.withLock { $0.awaitsNotices = false }
        case .notice(let notice):
            if notice.lastCall { warn(notice.deploymentID, "stops waiting soon, despite: \(why)") }
            await deferUpdate(notice)
        case .post(let post):
            state.withLock { state in
                state.forgetNotice(of: post.deploymentID)
                state.underway.remove(post.deploymentID)
            }
        case .lost(let error, let isNews):
            state.withLock { state in
                state.connection = nil
                // Without a broker no update waits: the command may begin.
                if isDraining(state) { state.forgetNotices() }
                state.awaitsNotices = false
            }
            guard isNews else { break }
            let message = Failure(error).message
            OutputStream.error.line("reprieve: \(message); trying again, \(meanwhile)")
        }
    }

    /// COMMAND announces the update itself: it may be deferred already, if it was announced before.
    func acknowledge(_ id: String) {
        state.withLock { state in
            if let notice = state.notices[id] { _ = send(0, to: notice, state) }
        }
    }

    /// The command has not begun, and lets updates go first.
    private func isDraining(_ state: State) -> Bool { !state.hasBegun && ifWaiting != .start }

    private var meanwhile: String {
        // Without a broker no update begins, but one that was under way still is.
        let isBlocked = state.withLock { !$0.hasBegun && !$0.underway.isEmpty }
        return isBlocked ? "COMMAND waits" : "COMMAND runs; updates are deferred once it is back"
    }

    private func deferUpdate(_ notice: PreUpdateEvent) async {
        let answer = state.withLock { state -> SentAnswer? in
            guard state.hasRoom(for: notice.deploymentID) else {
                state.connection?.failFromTooManyUpdates()
                return nil
            }
            state.notices[notice.deploymentID] = notice
            return send(isDraining(state) ? 0 : leaseMs, to: notice, state)
        }
        await handle(answer, notice)
    }

    func send(_ time: Int64, to notice: PreUpdateEvent, _ state: State) -> SentAnswer? {
        let time = ownUpdates.contains(notice.deploymentID) ? 0 : time
        let request = notice.answer(deferringMs: time, time > 0 ? why : nil)
        let limit = Limits.responseTimeout
        return state.connection.map { connection in
            (connection, connection.stream(.deferComponentUpdate, request, within: limit))
        }
    }

    private func handle(_ answer: SentAnswer?, _ notice: PreUpdateEvent) async {
        guard let (connection, replies) = answer else { return }
        let id = notice.deploymentID
        do {
            let response = try await connection.response(of: replies)
            return renew(notice, after: try DeferResponse(decoding: response))
        } catch {
            // A lost connection is reported by the subscription.
            guard let error = error as? ErrorShape else { return }
            let isNew = state.withLock { state in
                guard !isDraining(state) else {
                    state.forgetNotice(of: id)
                    return false
                }
                // If the update waits all the same, for an answer, it gets one at once where the
                // command waits for it, else when the command ends: the notice stays.
                if !state.hasBegun, ifUnderway == .wait { _ = send(0, to: notice, state) }
                let hasRoom = state.underway.count < Limits.updatesOfComponent
                return hasRoom && state.underway.insert(id).inserted && state.hasBegun
            }
            if isNew { warn(id, "is not deferred, despite: \(why) (\(Failure(error).message))") }
        }
    }

    /// Defers once more before the granted time is over. If the budget is spent, or the granted
    /// time is too short, the broker asks again by itself.
    private func renew(_ notice: PreUpdateEvent, after grant: DeferResponse) {
        guard let granted = grant.grantedMs, granted >= Self.shortestRenewed,
            let remaining = grant.remainingMs, remaining > 0
        else { return }
        let renewal = Task {
            do { try await Task.sleep(for: .milliseconds(granted) * 2 / 3) } catch { return }
            let answer = state.withLock { state in
                // A later notice has a deferral of its own.
                let isLatest = state.notices[notice.deploymentID] == notice
                return isLatest ? send(leaseMs, to: notice, state) : nil
            }
            await handle(answer, notice)
        }
        state.withLock { state in
            let isLatest = state.notices[notice.deploymentID] == notice
            if isLatest { state.setRenewal(renewal, of: notice.deploymentID) }
        }
    }

    private func warn(_ id: String, _ text: String) {
        OutputStream.error.line("reprieve: the update \(shown(id)) \(text)")
    }
}
