// SPDX-License-Identifier: Apache-2.0

package import Negotiation

/// The books of an outsider: what was said to whom, and when. Each event is entered with what came
/// of it, and the books object to whatever breaks an invariant of `Protocol/negotiation.md`.
///
/// They look at the negotiation only as an operator could: through `status`.
package struct Ledger: Hashable, Sendable {
    /// One event and what came of it.
    package struct Entry {
        package var event: Event
        package var actions: [Action]
        package var before: Negotiation
        package var after: Negotiation
        package var now: Instant

        package init(
            _ event: Event,
            _ actions: [Action],
            before: Negotiation,
            after: Negotiation,
            at now: Instant
        ) {
            self.event = event
            self.actions = actions
            self.before = before
            self.after = after
            self.now = now
        }
    }

    let settings: Settings
    var lives: [DeploymentID: Life] = [:]
    var ears: [StreamID: Subscription] = [:]
    /// Posts that await a component: of which update, and until when.
    var owed: [ComponentName: [DeploymentID: Instant]] = [:]
    var boots: Boots?
    var last = Instant(sinceBoot: .zero)

    /// What is kept for the sake of reboots makes books differ that are otherwise the same.
    package init(settings: Settings, withReboots: Bool = false) {
        self.settings = settings
        boots = withReboots ? Boots() : nil
    }

    /// Enters an event, and names what is wrong with what came of it.
    package mutating func enter(_ entry: Entry) -> [String] {
        let passed = entry.now - last
        last = entry.now
        for id in lives.keys { lives[id]?.account(for: passed, entry.event, at: entry.now) }
        listen(to: entry)
        var objections = objectToStreams(entry) + objectToPosts(entry)
        for id in lives.keys.sorted() {
            guard var life = lives[id] else { continue }
            objections += life.enter(entry, ears, settings)
            lives[id] = life
        }
        objections += close(entry)
        return objections
    }

    private mutating func listen(to entry: Entry) {
        switch entry.event {
        case .subscribed(let one): ears[one.stream] = one
        case .unsubscribed(let stream, _): ears[stream] = nil
        case .hungUp(let peer, _): ears = ears.filter { $0.key.peer != peer }
        case .restarted:
            ears = [:]
            boots?.crash()
        case .announced(let request, let coordinator, let process):
            let id = request.deploymentID
            if entry.before.updates[id] == nil {
                lives[id] = Life(request, at: entry.now)
                boots?.forget(id, Array(owed.keys))
                for name in owed.keys { owed[name]?[id] = nil }
            }
            lives[id]?.coordinators.insert(coordinator)
            lives[id]?.processes.insert(process)
        default: break
        }
    }

    /// Closes the books of updates that have ended: everyone who was told has its post, or is owed
    /// one.
    private mutating func close(_ entry: Entry) -> [String] {
        var objections: [String] = []
        for (id, life) in lives where entry.after.updates[id] == nil {
            for name in life.told {
                let streams = ears.values.filter { $0.component == name }.map(\.stream)
                if !life.posted.isSuperset(of: streams) {
                    objections.append("3: \(name) was told of \(id), and not of its end")
                }
                if streams.isEmpty {
                    owed[name, default: [:]][id] = entry.now + settings.completionLimit
                }
            }
            lives[id] = nil
        }
        return objections
    }
}

// MARK: - Who may hear what

extension Ledger {
    private func objectToStreams(_ entry: Entry) -> [String] {
        var objections: [String] = []
        var replies = 0
        for action in entry.actions {
            let isWelcome: Bool
            switch action {
            case .notify(let stream, let notice):
                let life = lives[notice.deploymentID]
                isWelcome = ears[stream].map { life?.concerns($0) ?? false } ?? false
            case .post(let stream, _): isWelcome = ears[stream] != nil
            case .released(let stream, let release):
                isWelcome = lives[release.deploymentID]?.coordinators.contains(stream) ?? false
            case .refused(let stream, let end), .cancelled(let stream, let end):
                isWelcome = lives[end.deploymentID]?.coordinators.contains(stream) ?? false
            case .attached(let stream, _), .granted(let stream, _), .done(let stream),
                .failed(let stream, _):
                isWelcome = stream == entry.event.request
                replies += 1
            case .changed: isWelcome = true
            }
            if !isWelcome { objections.append("an action for a stream that is not there") }
        }
        if replies != (entry.event.request == nil ? 0 : 1) {
            objections.append("\(replies) replies to one event")
        }
        return objections
    }

    private mutating func objectToPosts(_ entry: Entry) -> [String] {
        var objections: [String] = []
        var hasNotice = false
        for action in entry.actions {
            if case .notify(let stream, let notice) = action, let ear = ears[stream] {
                hasNotice = true
                // An update can be announced and refused in one event.
                lives[notice.deploymentID]?.told.insert(ear.component)
            }
            guard case .post(let stream, let post) = action, let name = ears[stream]?.component
            else { continue }
            let id = post.deploymentID
            let isOwed = owed[name]?.removeValue(forKey: id).map { $0 > entry.now } ?? false
            let isDue = lives[id].map { $0.told.contains(name) } ?? false
            let isRepeated = boots?.hear(id, name) ?? false
            if !isOwed, !isDue, !isRepeated { objections.append("3: a post without a pre") }
            if isOwed, hasNotice { objections.append("3: an owed post came after a notice") }
            if isDue, !isOwed, lives[id]?.posted.insert(stream).inserted == false {
                objections.append("3: a second post on one subscription")
            }
        }
        if case .subscribed(let one) = entry.event {
            let missed = owed[one.component, default: [:]].values.contains { $0 > entry.now }
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
}
