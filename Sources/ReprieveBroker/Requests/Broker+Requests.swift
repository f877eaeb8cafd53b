// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol
internal import StrictJSON
internal import Tokens

/// One request of one peer.
struct Request {
    var stream: StreamID
    var operation: Operation
    var payload: [UInt8]

    init(stream: StreamID, _ operation: Operation, _ payload: [UInt8]) {
        self.stream = stream
        self.operation = operation
        self.payload = payload
    }
}

/// The client that made a request.
struct Client {
    var name: ComponentName
    var credentials: Credentials
    /// Its name was proven by a token, which the operator issued.
    var hasToken: Bool

    init(_ peer: borrowing Peer) {
        name = peer.name
        credentials = peer.credentials
        hasToken = peer.token != nil
    }
}

// What each operation does.

extension Broker {
    mutating func serve(_ request: Request, at now: Instant) {
        guard let index = peers.index(of: request.stream.peer) else { return }
        if request.operation.isControl, peers[index].endpoint != .control {
            let text = "\(request.operation.rawValue) is served on the control socket only"
            return fail(request.stream, ErrorShape(.serviceError, text))
        }
        do {
            try serve(request, of: Client(peers[index]), at: now)
        } catch {
            fail(request.stream, ErrorShape(.invalidArguments, error.message))
        }
    }

    private mutating func serve(
        _ request: Request,
        of peer: Client,
        at now: Instant
    ) throws(JSONError) {
        let payload = request.payload
        switch request.operation {
        case .subscribeToComponentUpdates:
            try subscribe(request.stream, SubscribeRequest(decoding: payload), peer, at: now)
            subscribeAtUpstream(request)
        case .deferComponentUpdate:
            if answerAtUpstream(request) { return }
            try answer(request.stream, DeferRequest(decoding: payload), peer, at: now)
        case .updateState: respond(request.stream, Empty())
        case .gateUpdate: try gate(request.stream, payload, peer, at: now)
        case .completeUpdate:
            let call = try CompleteRequest(decoding: payload)
            guard mayEnd(call.deploymentID, request.stream) else { return }
            negotiate(.completed(call, request.stream), at: now)
        case .cancelUpdate:
            let call = try ReasonedRequest(decoding: payload)
            guard mayEnd(call.deploymentID, request.stream) else { return }
            negotiate(.cancelled(by: peer.credentials, call, request.stream), at: now)
        case .forceUpdate:
            let call = try ReasonedRequest(decoding: payload)
            negotiate(.forced(by: peer.credentials, call, request.stream), at: now)
        case .getStatus: respond(request.stream, status(at: now))
        case .getHistory:
            let decisions = historyNow.decisions(try HistoryRequest(decoding: payload))
            respond(request.stream, HistoryShape.encoded(with: decisions))
        case .getMetrics: respond(request.stream, metricsShape(at: now))
        case .watchStatus:
            respond(request.stream, Empty())
            statusPublisher.add(request.stream, at: now)
        }
    }

    private mutating func subscribe(
        _ stream: StreamID,
        _ request: SubscribeRequest,
        _ peer: Client,
        at now: Instant
    ) throws(JSONError) {
        let name = try peer.requireName()
        guard settings.negotiation.maySubscribe(name, isKnown: peer.hasToken) else {
            let text = "the operator's policy does not let \(name) hold back updates"
            return fail(stream, ErrorShape(.unauthorized, text))
        }
        let subscription = Subscription(
            stream: stream,
            component: name,
            confirm: request.confirm,
            process: peer.credentials.process
        )
        if let refusal = negotiation.whyTooMany(subscription) {
            if let place = peers[stream.peer]?.account { accounts.noteRefusal(accounts[place].id) }
            return fail(stream, ErrorShape(refusal))
        }
        // The response goes first: an event before it would make the SDKs fail the call.
        welcome(subscription, tellingWhatIsUnderway: request.underway, at: now)
        negotiate(.subscribed(subscription), at: now)
    }

    private mutating func answer(
        _ stream: StreamID,
        _ request: DeferRequest,
        _ peer: Client,
        at now: Instant
    ) throws(JSONError) {
        let name = try peer.requireName()
        if request.recheckAfterMs == nil, negotiation.asks(name, about: request.deploymentID) {
            auditLog.note(.ignored(name, request.deploymentID))
            return respond(stream, Empty())
        }
        let answer = Answer(
            request: stream,
            component: name,
            process: peer.credentials.process,
            deploymentID: request.deploymentID,
            deferral: .milliseconds(request.recheckAfterMs ?? 0),
            round: request.round,
            message: request.message
        )
        negotiate(.answered(answer), at: now)
    }

    private mutating func gate(
        _ stream: StreamID,
        _ payload: [UInt8],
        _ peer: Client,
        at now: Instant
    ) throws(JSONError) {
        let json = try JSON(decoding: payload, limits: .fromCoordinator)
        let request = try GateRequest(decoding: json)
        if let name = unknownName(in: request) {
            return fail(stream, .unknownComponent(name))
        }
        var update = UpdateRequest(
            deploymentID: request.deploymentID,
            reason: request.reason,
            disruption: request.disruption,
            components: request.components,
            policy: Policy(request.policy, defaults: settings.policy),
            asSent: json.canonical.encoded()
        )
        update.isExclusive = request.exclusive
        update.completesLater = request.completesLater
        // In a shutdown no component is asked twice whether it may be stopped.
        if shutdown.isUnderWay {
            update.excused = negotiation.readySubscriptions(withVetoes: false) {
                $0.isShutdown
            }
        }
        let process = peer.credentials.process
        negotiate(.announced(update, coordinator: stream, process: process), at: now)
    }
}

extension Broker {
    /// The first name in a new update's `components` that no component is known to have had, where
    /// the coordinator wants to be refused for it.
    private func unknownName(in request: GateRequest) -> String? {
        guard request.refusesUnknown, request.policy.action != .skip,
            negotiation.update(request.deploymentID) == nil
        else { return nil }
        let wanted = Set(request.components ?? []).subtracting(request.policy.require ?? [])
        let unknown = unnamed(among: negotiation.unknown(among: wanted))
        return request.components?.first { unknown.contains($0) }
    }

    /// The names that mean no component that a connection, a token or the history has.
    private func unnamed(among names: Set<ComponentName>) -> Set<ComponentName> {
        guard !names.isEmpty else { return [] }
        var unnamed = names
        for peer in peers.values where !peer.name.isEmpty { unnamed.remove(namesOf: peer.name) }
        for token in settings.tokens.entries { unnamed.remove(namesOf: token.component) }
        for decision in historyNow.decisions {
            if unnamed.isEmpty { break }
            for participant in decision.participants where participant.rounds > 0 {
                unnamed.remove(namesOf: participant.component)
            }
        }
        return unnamed
    }
}

extension ErrorShape {
    fileprivate static func unknownComponent(_ name: String) -> ErrorShape {
        ErrorShape(
            .resourceNotFound,
            "no component is known by the name \(quoted(name)): none is connected, and neither the"
                + " configuration nor the history has it",
            resourceType: "Component",
            resourceName: name
        )
    }
}

extension Client {
    fileprivate func requireName() throws(JSONError) -> ComponentName {
        guard !name.isEmpty else {
            throw JSONError("this connection has no component name; claim one in CONNECT")
        }
        return name
    }
}

extension NegotiationEvent {
    fileprivate static func completed(_ call: CompleteRequest, _ stream: StreamID) -> Self {
        let (id, outcome) = (call.deploymentID, call.outcome)
        return .completed(id, outcome, message: call.message, request: stream)
    }

    fileprivate static func cancelled(
        by who: Credentials,
        _ call: ReasonedRequest,
        _ stream: StreamID
    ) -> Self {
        .cancelled(call.deploymentID, reason: call.reason, by: who.text, request: stream)
    }

    fileprivate static func forced(
        by who: Credentials,
        _ call: ReasonedRequest,
        _ stream: StreamID
    ) -> Self {
        .forced(call.deploymentID, reason: call.reason, by: who.text, request: stream)
    }
}
