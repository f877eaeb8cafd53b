// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// The client of FleetLock, the protocol of Zincati, airlock and poseidon/fleetlock.
public struct FleetLockEngine: Engine {
    private let id: String
    private let group: String

    public init(id: String, group: String) {
        (self.id, self.group) = (id, group)
    }

    public func claim(
        at server: String,
        by deadline: Duration,
        over transport: any HTTPTransport
    ) -> Reply {
        post("pre-reboot", server, deadline, transport)
    }

    public func giveBack(
        at server: String,
        by deadline: Duration,
        over transport: any HTTPTransport
    ) -> Reply {
        post("steady-state", server, deadline, transport)
    }

    public func holders(
        at server: String,
        by deadline: Duration,
        over transport: any HTTPTransport
    ) -> Holders? { nil }

    private struct Body: Encodable {
        struct Parameters: Encodable { let id, group: String }

        let clientParams: Parameters
    }

    private struct Fault: Decodable {
        let kind, value: String

        /// airlock has one code and one kind for all that keeps it from a slot, be it that etcd
        /// has stored the holder and does not say so. These are its words where it has not.
        var saysThatNoneWasTaken: Bool {
            kind == "failed_lock"
                && (value.contains("slots currently locked")
                    || value.hasPrefix("conflict on semaphore"))
        }

        /// poseidon/fleetlock could not store the holder, or does not know whether it has.
        var namesNoHolder: Bool { value.hasSuffix("held by ") }
    }

    private func post(
        _ operation: String,
        _ server: String,
        _ deadline: Duration,
        _ transport: any HTTPTransport
    ) -> Reply {
        let base = server.hasSuffix("/") ? String(server.dropLast()) : server
        let request = HTTPRequest(
            url: "\(base)/v1/\(operation)",
            headers: ["fleet-lock-protocol: true", "Content-Type: application/json"],
            body: encoded(Body(clientParams: .init(id: id, group: group))),
            timeout: deadline - transport.now
        )
        switch transport.send(request) {
        case .absent(let reason): return .absent(reason)
        case .refused(let reason): return .refused(reason)
        case .response(let response): return reply(to: response)
        }
    }

    /// No code but 200 means that it was done. Servers that are full have no code in common.
    func reply(to response: HTTPResponse) -> Reply {
        if let fault = response.fault { return fault }
        if response.status == 200 { return .done }
        let fault = decoded(Fault.self, response.body)
        let reason = fault.map { printable("\($0.kind): \($0.value)".utf8) }
        let text = "HTTP \(response.status), \(reason ?? printable(response.body))"
        if response.status == 423 || fault?.saysThatNoneWasTaken == true {
            return .full(reason ?? text, isCertain: fault?.namesNoHolder != true)
        }
        return response.status >= 500 ? .absent(text) : .refused(text)
    }
}

/// In the words of the wire, such as `total_slots`.
func encoded(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Nothing that is encoded here can fail: there are texts and numbers in it.
    return (try? encoder.encode(value)).map(Array.init) ?? []
}

func decoded<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) -> Value? {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try? decoder.decode(type, from: Data(bytes))
}
