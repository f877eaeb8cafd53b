// SPDX-License-Identifier: Apache-2.0

public struct HTTPRequest: Hashable, Sendable {
    public var url: String
    public var headers: [String]
    public var body: [UInt8]
    /// What is left of the time for the whole request.
    public var timeout: Duration

    public init(url: String, headers: [String], body: [UInt8], timeout: Duration) {
        (self.url, self.headers, self.body, self.timeout) = (url, headers, body, timeout)
    }
}

public enum HTTPReply: Hashable, Sendable {
    case response(HTTPResponse)
    /// No connection, or none that lasted.
    case absent(String)
    /// There is a peer, and it is none to talk to: TLS fails, or its answer has no end.
    case refused(String)
}

public struct HTTPResponse: Hashable, Sendable {
    public var status: Int
    /// In lower case, without parameters; empty if there is none.
    public var contentType: String
    public var body: [UInt8]

    public init(status: Int, contentType: String, body: [UInt8]) {
        (self.status, self.contentType, self.body) = (status, contentType, body)
    }

    /// A page for people, such as a captive portal's.
    var isPage: Bool {
        let types = ["text/html", "application/xhtml+xml"]
        return types.contains(contentType)
            || body.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "<")
    }

    /// What is wrong with every response but the server's own; nil if nothing is.
    var fault: Reply? {
        switch status {
        case 300...399: .refused("HTTP \(status): a redirection, which is not followed")
        case _ where isPage && status < 500: .refused("HTTP \(status) with a web page: a portal?")
        default: nil
        }
    }
}

/// Sends requests, each within its time-out.
public protocol HTTPTransport {
    func send(_ request: HTTPRequest) -> HTTPReply
    var now: Duration { get }
}

/// The text of a peer, fit for a log.
func printable(_ bytes: some Collection<UInt8>) -> String {
    let text = String(decoding: bytes.prefix(200), as: UTF8.self)
    return String(
        text.unicodeScalars.map { scalar in
            let isControl = scalar.properties.generalCategory == .control
            return isControl ? " " : Character(scalar)
        }
    )
}
