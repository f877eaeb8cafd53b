// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import Outsider
import ReprieveBroker
import ReprieveProtocol

/// Sits at every component's ear: who asks what is under way is answered that, and each end that
/// somebody is to be told of is told once.
struct PostChecker {
    /// Subscriptions that want to know what they come too late for.
    private var asking: Set<StreamID> = []
    /// What their answers have to name.
    private var answers: [StreamID: [DeploymentID]] = [:]
    /// Updates whose end such a subscription is to be told of.
    private var awaited: [StreamID: Set<DeploymentID>] = [:]
    /// Ends that have been told, and not been heard of.
    private var due: [StreamID: [DeploymentID]] = [:]

    mutating func ask(_ stream: StreamID) { asking.insert(stream) }

    /// All connections are lost.
    mutating func restart() { self = PostChecker() }

    mutating func enter(_ entry: TraceEntry, _ oracle: Oracle) {
        switch entry.event {
        case .subscribed(let one):
            let isAsking = asking.remove(one.stream) != nil
            let underway = isAsking ? oracle.underway(for: one, at: entry.instant) : []
            (answers[one.stream], awaited[one.stream]) = (underway, Set(underway))
        case .unsubscribed(let stream, _): forget { $0 == stream }
        case .hungUp(let peer, _), .lost(let peer, _): forget { $0.peer == peer }
        default: break
        }
        for case .post(let stream, let post) in entry.actions {
            due[stream, default: []].append(post.deploymentID)
        }
        for id in entry.before.updates.names where entry.after.updates[id] == nil {
            for stream in awaited.keys where awaited[stream]?.remove(id) != nil {
                let told = entry.actions.contains { action in
                    guard case .post(stream, let post) = action else { return false }
                    return post.deploymentID == id
                }
                if !told { due[stream, default: []].append(id) }
            }
        }
    }

    private mutating func forget(_ hasEnded: (StreamID) -> Bool) {
        awaited = awaited.filter { !hasEnded($0.key) }
        answers = answers.filter { !hasEnded($0.key) }
        due = due.filter { !hasEnded($0.key) }
    }

    mutating func hear(_ event: ClientConnection.Event, by peer: PeerID) -> [String] {
        switch event {
        case .response(let number, _, _):
            let stream = StreamID(peer, number)
            guard let expected = answers.removeValue(forKey: stream) else { return [] }
            let answer = event.response(as: SubscribeResponse.self)?.underway
            return answer == expected ? [] : ["another answer to what is under way"]
        case .event(let number, _, _):
            guard let post = event.post else { return [] }
            let stream = StreamID(peer, number)
            guard let index = due[stream]?.firstIndex(of: post.deploymentID) else {
                return ["3: a post that nobody is to hear"]
            }
            due[stream]?.remove(at: index)
            return []
        default: return []
        }
    }

    /// Whoever reads has heard everything.
    func objectToSilence(towards peer: PeerID) -> [String] {
        let isLeft = due.contains { $0.key.peer == peer && !$0.value.isEmpty }
        let isUnanswered = answers.keys.contains { $0.peer == peer }
        return (isLeft ? ["3: a post was not sent"] : [])
            + (isUnanswered ? ["a subscription was not answered"] : [])
    }
}
