// SPDX-License-Identifier: Apache-2.0

public import Reprieve

extension PermitStateMachine {
    /// Since boot, sleep included.
    public typealias Moment = Duration

    /// A question of the broker, which waits for its answer.
    public struct AskID: Hashable, Sendable {
        public var number: Int

        public init(number: Int) {
            self.number = number
        }
    }

    public struct Question: Hashable, Sendable {
        public var update: String
        public var disruption: Disruption
        /// All others on this device are ready.
        public var isFinal: Bool
        /// The update goes ahead now, whatever is answered.
        public var isForced: Bool

        public init(_ update: String, _ disruption: Disruption, final: Bool, forced: Bool = false) {
            self.update = update
            self.disruption = disruption
            isFinal = final
            isForced = forced
        }
    }

    public enum Event: Hashable, Sendable {
        /// The broker has accepted the subscription: these updates were released and are not over.
        case subscribed(underway: [String])
        case asked(AskID, Question)
        /// Another component has deferred an update that was agreed to.
        case postponed(String)
        case ended(String, Outcome)
        /// The server has replied to the request.
        case replied(Reply)
        /// What the health command said: nil for a healthy device.
        case checked(complaint: String?)
        /// The operator gives the slot back.
        case released
        case timePassed
    }

    public enum Action: Hashable, Sendable {
        /// Before all actions that follow: what a later life of this program must know.
        case write(Record)
        /// Ask the server for a slot; `replied` follows.
        case claim
        /// Give the slot back; `replied` follows.
        case giveBack
        case answer(AskID, Answer)
        /// Run the health command; `checked` follows.
        case checkHealth
        case log(Severity, String)
    }

    public enum Answer: Hashable, Sendable {
        /// Nothing stands in the way, for now.
        case could
        /// The slot is held; `postponed` or `ended` follows.
        case ready
        case `defer`(Duration, String)
    }

    public enum Severity: Hashable, Sendable { case notice, warning }
}

/// A server's reply to a request, be it to claim or to give back.
public enum Reply: Hashable, Sendable {
    case done
    /// All slots are taken; the text names a holder where the server does. It is not certain that
    /// the request took none where it may still be carried out elsewhere.
    case full(String, isCertain: Bool = true)
    /// There is no server to be reached, or it has failed. The request may have counted.
    case absent(String)
    /// There is a server, and it does not do what it was asked to: a mistake in a configuration, or
    /// not the server at all. That is no absence.
    case refused(String)
}
