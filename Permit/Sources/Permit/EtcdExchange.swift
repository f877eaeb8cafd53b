// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

struct EtcdFailure: Error {
    let reply: Reply

    init(_ reply: Reply) {
        self.reply = reply
    }
}

/// Requests to the JSON gateway of one etcd, which have one deadline together.
struct EtcdExchange {
    private let server: String
    private let deadline: Duration
    private let transport: any HTTPTransport

    init(_ server: String, _ deadline: Duration, _ transport: any HTTPTransport) {
        self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
        (self.deadline, self.transport) = (deadline, transport)
    }

    func send<Answer: EtcdAnswer>(
        _ operation: String,
        _ question: some Encodable,
        for type: Answer.Type
    ) -> Result<Answer, EtcdFailure> {
        let request = HTTPRequest(
            url: "\(server)/v3/kv/\(operation)",
            headers: ["Content-Type: application/json"],
            body: encoded(question),
            timeout: deadline - transport.now
        )
        guard request.timeout > .zero else { return .failure(.init(.absent("it takes too long"))) }
        switch transport.send(request) {
        case .absent(let reason): return .failure(.init(.absent(reason)))
        case .refused(let reason): return .failure(.init(.refused(reason)))
        case .response(let response): return answer(response, type)
        }
    }

    private func answer<Answer: EtcdAnswer>(
        _ response: HTTPResponse,
        _ type: Answer.Type
    ) -> Result<Answer, EtcdFailure> {
        if let fault = response.fault { return .failure(.init(fault)) }
        guard response.status == 200 else {
            let text = "HTTP \(response.status), \(printable(response.body))"
            return .failure(.init(response.status >= 500 ? .absent(text) : .refused(text)))
        }
        guard let answer = decoded(type, response.body), answer.header.clusterId != nil else {
            let text = "HTTP 200 that is none of etcd's: \(printable(response.body))"
            return .failure(.init(.refused(text)))
        }
        return .success(answer)
    }
}

/// Each answer of etcd has a header, which no other server's has.
protocol EtcdAnswer: Decodable {
    var header: EtcdHeader { get }
}

struct EtcdHeader: Decodable {
    let clusterId: String?
}

struct EtcdRange: Encodable {
    let key: Data

    struct Answer: EtcdAnswer {
        struct Pair: Decodable {
            let version: String?
            let value: Data?
        }

        let header: EtcdHeader
        let kvs: [Pair]?
    }
}

/// Writes a value if the key has been written as often as is known.
struct EtcdTransaction: Encodable {
    struct Comparison: Encodable {
        let key: Data
        let target = "VERSION"
        let result = "EQUAL"
        let version: String
    }

    struct Operation: Encodable {
        struct Put: Encodable {
            let key: Data
            let value: Data
        }

        let requestPut: Put
    }

    struct Answer: EtcdAnswer {
        let header: EtcdHeader
        let succeeded: Bool?
    }

    let compare: [Comparison]
    let success: [Operation]

    init(key: Data, version: Int64, value: Data) {
        compare = [Comparison(key: key, version: String(version))]
        success = [Operation(requestPut: .init(key: key, value: value))]
    }
}
