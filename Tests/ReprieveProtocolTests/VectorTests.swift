// SPDX-License-Identifier: Apache-2.0

import EventStream
import ReprieveProtocol
import StrictJSON
import TestSupport
import Testing

/// Holds shapes and connections to `Protocol/vectors`, whose payloads fit `Protocol/schemas`.
@Suite("The vectors of the specification") struct VectorTests {
    @Test func `have every payload as its shape writes it`() throws {
        var unseen = Set(shapes.keys)
        for vector in try vectors(in: "messages") {
            guard let name = try vector.string("schema") else { continue }
            let frame = try #require(try decode(vector, "hex"))
            let wanted = try JSON(decoding: frame.payload).canonical
            let rewrite = try #require(shapes[name], "no shape for \(name)")
            #expect(try rewrite(frame.payload).canonical == wanted, "\(name)")
            unseen.remove(name)
        }
        #expect(unseen == [])
    }

    @Test func `are reacted to as they say`() throws {
        var count = 0
        for vector in try vectors(in: "client-frames") {
            let name = try vector.string("name") ?? ""
            #expect(try reaction(to: vector) == vector.string("reaction"), "\(name)")
            count += 1
        }
        #expect(count > 80)
    }
}

private typealias Rewriting = @Sendable ([UInt8]) throws -> JSON

/// What reads and writes each payload.
private let shapes: [String: Rewriting] = [
    "Connect": rewriting(ConnectRequest.self),
    "Error": { try JSON(decoding: ErrorShape(decoding: $0, model: nil).encoded()) },
    "SubscribeToComponentUpdatesRequest": rewriting(SubscribeRequest.self),
    "SubscribeToComponentUpdatesResponse": rewriting(SubscribeResponse.self),
    "ComponentUpdatePolicyEvents": rewriting(ComponentEvent.self),
    "DeferComponentUpdateRequest": rewriting(DeferRequest.self),
    "DeferComponentUpdateResponse": rewriting(DeferResponse.self),
    // Nothing of it is kept, and of a complaint there is no shape outside its module.
    "UpdateStateRequest": { try JSON(decoding: $0) },
    "Complaint": { try JSON(decoding: $0) },
    "UpdateStateResponse": rewriting(Empty.self),
    "GateUpdateRequest": rewriting(GateRequest.self),
    "GateUpdateResponse": rewriting(GateResponse.self),
    "GateEvents": rewriting(GateEvent.self),
    "CompleteUpdateRequest": rewriting(CompleteRequest.self),
    "CompleteUpdateResponse": rewriting(Empty.self),
    "CancelUpdateRequest": rewriting(ReasonedRequest.self),
    "CancelUpdateResponse": rewriting(Empty.self),
    "ForceUpdateRequest": rewriting(ReasonedRequest.self),
    "ForceUpdateResponse": rewriting(Empty.self),
    "GetStatusRequest": rewriting(Empty.self),
    "GetStatusResponse": rewriting(StatusShape.self),
    "WatchStatusRequest": rewriting(Empty.self),
    "WatchStatusResponse": rewriting(Empty.self),
    "StatusEvents": rewriting(StatusEvent.self),
    "GetHistoryRequest": rewriting(HistoryRequest.self),
    "GetHistoryResponse": rewriting(HistoryShape.self),
    "GetMetricsRequest": rewriting(Empty.self),
    "GetMetricsResponse": rewriting(MetricsShape.self),
]

private func rewriting<S: Shape>(_: S.Type) -> Rewriting {
    { payload in try JSON(decoding: S(decoding: payload).encoded()) }
}

private func vectors(in file: String) throws -> [JSON] {
    let bytes = repositoryFile("Protocol/vectors/\(file).json")
    let json = try JSON(decoding: bytes, limits: JSONLimits(maximumBytes: 1 << 20))
    guard case .array(let list) = json else { preconditionFailure("the vectors are not a list") }
    return list
}

private func decode(_ vector: JSON, _ name: String) throws -> Frame? {
    let isConnected = try vector.bool("connected") ?? true
    let limits = isConnected ? FrameLimits.fromComponent : .beforeAccepted
    return try frame(Array(hex: vector.string(name) ?? ""), limits)
}

private func frame(
    _ bytes: [UInt8],
    _ limits: FrameLimits = .fromComponent
) throws(FrameError) -> Frame? {
    var decoder = FrameDecoder(limits: limits)
    decoder.append(bytes)
    return try decoder.next()
}

/// What a broker's end of a connection makes of a client's frame, in the words of the vectors.
private func reaction(to vector: JSON) throws -> String {
    var connection = ServerConnection()
    if try vector.bool("connected") ?? false {
        _ = connection.receive(Message(.connect, version: "0.1.0").frame)
        _ = connection.accept()
    }
    for hex in try vector.strings("before") ?? [] {
        let before = try #require(try frame(Array(hex: hex)))
        if case .request(let stream, _, _)? = connection.receive(before) {
            _ = connection.respond(stream, Empty().encoded())
        }
    }
    do {
        guard let frame = try decode(vector, "hex") else { return "waited for" }
        return try word(for: connection.receive(frame), vector)
    } catch let error as FrameError {
        return try word(for: connection.receive(error), vector)
    }
}

private func word(for event: ServerConnection.Event?, _ vector: JSON) throws -> String {
    let says = try vector.string("says") ?? ""
    switch event {
    case nil: return "ignored"
    case .violation(_, let reason): return reason.contains(says) ? "ended" : reason
    case .connect: return "answered"
    case .request(_, .deferComponentUpdate, let payload): return refusal(of: payload, says)
    // Where an operation is served is not the connection's to know.
    case .request(_, let operation, _): return operation.isControl ? "refused" : "answered"
    case .forward: return "forwarded"
    case .reply(let bytes), .closed(_, _, let bytes):
        let message = try #require(try frame(bytes).map { try Message(decoding: $0) })
        if message.type == .pingResponse { return "pong" }
        let error = ErrorShape(decoding: message.payload, model: message.model)
        let isMeant = try error.code.rawValue == vector.string("code")
        return isMeant && error.message.contains(says) ? "refused" : error.message
    }
}

private func refusal(of payload: [UInt8], _ says: String) -> String {
    do {
        _ = try DeferRequest(decoding: payload)
        return "answered"
    } catch {
        return error.message.contains(says) ? "refused" : error.message
    }
}
