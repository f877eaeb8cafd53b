// SPDX-License-Identifier: Apache-2.0

internal import ReprieveTransport
internal import Synchronization

/// The deadlines of the state machine.
extension Participation {
    /// Waits for the state machine's next deadline. Returns the effect that cancels the task that
    /// waited for another one.
    func setAlarm(_ state: inout State) -> Effect? {
        let isRunning = state.jobs != nil
        let deadline = isRunning ? state.machine.nextDeadline : state.machine.nextScopeStart
        guard deadline != state.alarm?.deadline else { return nil }
        let former = state.alarm?.task
        state.alarm = deadline.map { Alarm(deadline: $0, task: wait(until: $0)) }
        guard let former else { return nil }
        return { former.cancel() }
    }

    private func wait(until deadline: Moment) -> Task<Void, Never> {
        Task(executorPreference: environment.executor) { [weak self, environment] in
            do { try await environment.sleep(until: deadline) } catch { return }
            self?.handleDeadline(deadline)
        }
    }

    private func handleDeadline(_ deadline: Moment) {
        let effects = state.withLock { state -> [Effect] in
            guard state.alarm?.deadline == deadline else { return [] }
            state.alarm = nil
            return self.effects(of: .timePassed, &state)
        }
        perform(effects)
    }
}
