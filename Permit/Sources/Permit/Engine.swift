// SPDX-License-Identifier: Apache-2.0

/// Speaks with one server on behalf of one device. Requests may be repeated at will.
public protocol Engine: Sendable {
    func claim(at server: String, by deadline: Duration, over transport: any HTTPTransport) -> Reply
    func giveBack(
        at server: String,
        by deadline: Duration,
        over transport: any HTTPTransport
    ) -> Reply
    /// Who holds which of how many slots; nil if this kind of server does not tell.
    func holders(
        at server: String,
        by deadline: Duration,
        over transport: any HTTPTransport
    ) -> Holders?
}

public enum Holders: Hashable, Sendable {
    case known([String], slots: UInt64)
    case unknown(Reply)
}

/// A fleet's servers: the next one is asked where one is absent.
public struct Servers: Sendable {
    public let engine: any Engine
    public let urls: [String]
    public let timeout: Duration

    public init(_ engine: any Engine, urls: [String], timeout: Duration) {
        (self.engine, self.urls, self.timeout) = (engine, urls, timeout)
    }

    public func claim(over transport: any HTTPTransport) -> Reply {
        first(transport) { engine.claim(at: $0, by: $1, over: transport) }
    }

    public func giveBack(over transport: any HTTPTransport) -> Reply {
        first(transport) { engine.giveBack(at: $0, by: $1, over: transport) }
    }

    public func holders(over transport: any HTTPTransport) -> Holders? {
        var latest: Holders?
        for url in urls {
            latest = engine.holders(at: url, by: transport.now + timeout, over: transport)
            if case .unknown(.absent)? = latest { continue }
            break
        }
        return latest
    }

    private func first(
        _ transport: any HTTPTransport,
        _ ask: (String, Duration) -> Reply
    ) -> Reply {
        var reply = Reply.absent("no server is set")
        for (index, url) in urls.enumerated() {
            reply = ask(url, transport.now + timeout)
            if case .absent = reply { continue }
            // What an absent one was asked for may still be done.
            if case .full(let holder, _) = reply, index > 0 {
                return .full(holder, isCertain: false)
            }
            break
        }
        return reply
    }
}
