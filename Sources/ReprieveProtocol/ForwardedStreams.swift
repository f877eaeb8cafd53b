// SPDX-License-Identifier: Apache-2.0

/// The open streams of one upstream connection: which stream of the client each belongs to. Both
/// ends number their streams without gaps, and the client's has streams that are served here, so
/// the numbers differ.
package struct ForwardedStreams: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// One response answers it.
        case call
        /// Events follow the response.
        case stream
        /// The upstream's notices, for a subscription that is served here as well.
        case notices
        /// Ours: what the upstream calls the client. No stream of the client belongs to it.
        case name
    }

    package struct Stream: Hashable, Sendable {
        /// As the upstream knows it.
        package var number: Int32
        /// As the client knows it; 0 for one of ours.
        package var client: Int32
        package var kind: Kind
        package var hasResponse = false

        package init(number: Int32, client: Int32, kind: Kind) {
            self.number = number
            self.client = client
            self.kind = kind
        }
    }

    /// Sorted by both numbers: streams are opened here in the order of the client.
    package private(set) var streams: [Stream] = []
    package private(set) var latest: Int32 = 0
    /// How often a stream was opened, or one that is no call was answered or closed. That a call is
    /// over need not be known to another broker: no frame comes of it any more.
    private(set) var changes = 0

    init() {}

    /// Those that an earlier broker had opened.
    package init(resuming streams: [Stream], latest: Int32) {
        self.streams = streams
        self.latest = latest
    }

    package var count: Int { streams.count }

    /// The number of a new stream; nil if there are no more numbers.
    mutating func open(for client: Int32, _ kind: Kind) -> Int32? {
        guard let number = takeNumber() else { return nil }
        streams.append(Stream(number: number, client: client, kind: kind))
        return number
    }

    /// The number of a call of ours, whose response says nothing.
    mutating func takeNumber() -> Int32? {
        guard latest < .max else { return nil }
        latest += 1
        changes += 1
        return latest
    }

    subscript(number: Int32) -> Stream? {
        index(of: number) { $0.number }.map { streams[$0] }
    }

    func stream(ofClient client: Int32) -> Stream? {
        index(of: client) { $0.client }.map { streams[$0] }
    }

    mutating func noteResponse(on number: Int32) {
        guard let index = index(of: number, by: { $0.number }), !streams[index].hasResponse else {
            return
        }
        streams[index].hasResponse = true
        changes += 1
    }

    mutating func close(_ number: Int32) {
        guard let index = index(of: number, by: { $0.number }) else { return }
        if streams.remove(at: index).kind != .call { changes += 1 }
    }

    private func index(of wanted: Int32, by number: (Stream) -> Int32) -> Int? {
        var (low, high) = (0, streams.count)
        while low < high {
            let middle = (low + high) / 2
            if number(streams[middle]) < wanted { low = middle + 1 } else { high = middle }
        }
        return low < streams.count && number(streams[low]) == wanted ? low : nil
    }
}
