// SPDX-License-Identifier: Apache-2.0

package import Negotiation

/// Keeps account of what every component and coordinator was told, and objects to whatever breaks
/// an invariant of `Protocol/negotiation.md`.
///
/// It looks at the negotiation only as an operator could: through `status`.
package struct InvariantChecker: Hashable, Sendable {
    let settings: Settings
    var histories: [DeploymentID: UpdateHistory] = [:]
    var subscriptions: [StreamID: Subscription] = [:]
    var returning = ReturningAccount()
    /// Posts that await a component: of which update, and until when.
    var owed: [ComponentName: [DeploymentID: Instant]] = [:]
    var repeatedPosts: RepeatedPosts?
    var last = Instant(sinceBoot: .zero)

    /// What is kept for reboots makes checkers differ that are otherwise the same.
    package init(settings: Settings, withReboots: Bool = false) {
        self.settings = settings
        repeatedPosts = withReboots ? RepeatedPosts() : nil
    }

    /// Says what is wrong with an event's consequences.
    package mutating func check(_ transition: Transition) -> [String] {
        let passed = transition.now - last
        last = transition.now
        for id in histories.keys {
            histories[id]?.account(for: passed, transition.event, at: transition.now)
        }
        listen(to: transition)
        for id in histories.keys { histories[id]?.listen(to: transition, settings) }
        var objections =
            objectToStreams(transition) + objectToPosts(transition)
            + transition.objectionsToDecisions
        for id in histories.keys.sorted() {
            guard var history = histories[id] else { continue }
            objections += history.check(transition, subscriptions, settings)
            histories[id] = history
        }
        objections += objectToExclusion(transition)
        objections += close(transition)
        return objections
    }

    private mutating func listen(to transition: Transition) {
        returning.hear(transition.event, subscriptions.values, settings, at: transition.now)
        switch transition.event {
        case .subscribed(let one): subscriptions[one.stream] = one
        case .unsubscribed(let stream, _): subscriptions[stream] = nil
        case .hungUp(let peer, _), .lost(let peer, _):
            subscriptions = subscriptions.filter { $0.key.peer != peer }
        case .sent: repeatedPosts?.confirm()
        case .restarted:
            subscriptions = [:]
            repeatedPosts?.crash()
        case .announced(let request, let coordinator, let process):
            let id = request.deploymentID
            if transition.before.updates[id] == nil {
                histories[id] = UpdateHistory(request, settings.rules, at: transition.now)
                let isWaitedFor = request.policy.deadline > .zero
                // A required one is waited for as if it were absent, which is longer.
                let required = request.policy.require + (histories[id]?.concernedVetoes ?? [])
                let names = returning.names.subtracting(required)
                histories[id]?.returning = isWaitedFor ? names : []
                repeatedPosts?.forget(id, Array(owed.keys))
                for name in owed.keys { owed[name]?[id] = nil }
            }
            histories[id]?.attach(coordinator, process)
            let isOpen = transition.before.updates[id]?.opening != nil
            if !isOpen { histories[id]?.former = [] }
        default: break
        }
    }

    /// Forgets the updates that have ended: every component that was told has its post, or is owed
    /// one.
    private mutating func close(_ transition: Transition) -> [String] {
        var objections: [String] = []
        for (id, history) in histories where transition.after.updates[id] == nil {
            for name in history.told {
                let streams = subscriptions.values.filter { $0.component == name }.map(\.stream)
                if !history.posted.isSuperset(of: streams) {
                    objections.append("3: \(name) was told of \(id), and not of its end")
                }
                if streams.isEmpty {
                    owed[name, default: [:]][id] = transition.now + settings.completionLimit
                }
            }
            histories[id] = nil
        }
        return objections
    }
}

// MARK: - Who may hear what

extension InvariantChecker {
    private func objectToStreams(_ transition: Transition) -> [String] {
        var objections: [String] = []
        var replies = 0
        for action in transition.actions {
            let isWelcome: Bool
            switch action {
            case .notify(let stream, let notice):
                let history = histories[notice.deploymentID]
                isWelcome = subscriptions[stream].map { history?.concerns($0) ?? false } ?? false
            case .post(let stream, _): isWelcome = subscriptions[stream] != nil
            case .released(let stream, let release):
                isWelcome = histories[release.deploymentID]?.coordinators[stream] != nil
            case .refused(let stream, let end), .cancelled(let stream, let end):
                isWelcome = histories[end.deploymentID]?.coordinators[stream] != nil
            case .attached(let stream, _), .granted(let stream, _), .done(let stream),
                .failed(let stream, _):
                isWelcome = stream == transition.event.request
                replies += 1
            case .changed: isWelcome = true
            }
            if !isWelcome { objections.append("an action for a stream that is not there") }
        }
        if replies != (transition.event.request == nil ? 0 : 1) {
            objections.append("\(replies) replies to one event")
        }
        return objections
    }

    private mutating func objectToPosts(_ transition: Transition) -> [String] {
        var objections: [String] = []
        var hasNotice = false
        for action in transition.actions {
            if case .notify(let stream, let notice) = action,
                let subscription = subscriptions[stream]
            {
                hasNotice = true
                // An update can be announced and refused in one event.
                histories[notice.deploymentID]?.told.insert(subscription.component)
            }
            guard case .post(let stream, let post) = action,
                let name = subscriptions[stream]?.component
            else { continue }
            let id = post.deploymentID
            let isOwed = owed[name]?.removeValue(forKey: id).map { $0 > transition.now } ?? false
            let isDue = histories[id].map { $0.told.contains(name) } ?? false
            let isRepeated = repeatedPosts?.hear(id, name) ?? false
            if !isOwed, !isDue, !isRepeated { objections.append("3: a post without a pre") }
            if isOwed, hasNotice { objections.append("3: an owed post came after a notice") }
            if isDue, !isOwed, histories[id]?.posted.insert(stream).inserted == false {
                objections.append("3: a second post on one subscription")
            }
        }
        if case .subscribed(let one) = transition.event {
            let missed = owed[one.component, default: [:]].values.contains { $0 > transition.now }
            if missed { objections.append("3: an owed post was not sent") }
        }
        return objections
    }
}

extension Event {
    /// The stream that awaits a reply.
    fileprivate var request: StreamID? {
        switch self {
        case .answered(let answer): answer.request
        case .announced(_, let coordinator, _): coordinator
        case .completed(_, _, _, let request): request
        case .cancelled(_, _, _, let request), .forced(_, _, _, let request): request
        default: nil
        }
    }

    /// The process of a coordinator that attaches.
    var coordinatorProcess: Int32? {
        if case .announced(_, _, let process) = self { process } else { nil }
    }
}
