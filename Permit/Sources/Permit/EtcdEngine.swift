// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// Keeps a group's holders in etcd itself, by its JSON gateway, as airlock does: a list under one
/// key, changed by compare-and-swap. So both may serve one fleet.
public struct EtcdEngine: Engine {
    /// How often a change is tried that others get ahead of. All of a fleet may ask at once.
    private static let attempts = 8

    private let id: String
    private let group: String
    /// Counts only where the group has no semaphore yet.
    private let slots: UInt64

    public init(id: String, group: String, slots: UInt64) {
        (self.id, self.group, self.slots) = (id, group, slots)
    }

    public func claim(
        at server: String,
        by deadline: Duration,
        over transport: any HTTPTransport
    ) -> Reply {
        change(server, deadline, transport) { semaphore in
            if semaphore.holders.contains(id) { return nil }
            guard UInt64(semaphore.holders.count) < semaphore.slots else {
                let holders = semaphore.holders.joined(separator: ", ")
                return .full("held by \(printable(holders.utf8))")
            }
            semaphore.holders = (semaphore.holders + [id]).sorted()
            return nil
        }
    }

    public func giveBack(
        at server: String,
        by deadline: Duration,
        over transport: any HTTPTransport
    ) -> Reply {
        change(server, deadline, transport) { semaphore in
            semaphore.holders.removeAll { $0 == id }
            return nil
        }
    }

    public func holders(
        at server: String,
        by deadline: Duration,
        over transport: any HTTPTransport
    ) -> Holders? {
        switch read(EtcdExchange(server, deadline, transport)) {
        case .success(let semaphore):
            return .known(semaphore.holders, slots: semaphore.slots)
        case .failure(let failure): return .unknown(failure.reply)
        }
    }

    /// `edit` returns a reply where the semaphore is not to be written. Else it is, even if it
    /// stays as it was: so a change fails that was asked for before, and has not come through yet.
    private func change(
        _ server: String,
        _ deadline: Duration,
        _ transport: any HTTPTransport,
        _ edit: (inout Semaphore) -> Reply?
    ) -> Reply {
        let exchange = EtcdExchange(server, deadline, transport)
        for _ in 0..<Self.attempts {
            switch read(exchange) {
            case .failure(let failure): return failure.reply
            case .success(var semaphore):
                if let reply = edit(&semaphore) { return reply }
                switch write(semaphore, exchange) {
                case .failure(let failure): return failure.reply
                case .success(true): return .done
                case .success(false): continue
                }
            }
        }
        return .full("others change the semaphore at the same time")
    }

    private var key: Data { Data("com.coreos.airlock/groups/\(group)/v1/semaphore".utf8) }

    private func read(_ exchange: EtcdExchange) -> Result<Semaphore, EtcdFailure> {
        let question = EtcdRange(key: key)
        return exchange.send("range", question, for: EtcdRange.Answer.self).flatMap { answer in
            guard let pair = answer.kvs?.first else {
                return .success(Semaphore(version: 0, slots: slots, holders: []))
            }
            guard let value = pair.value, let list = decoded(Semaphore.List.self, Array(value)),
                let version = pair.version.flatMap({ Int64($0) })
            else {
                return .failure(.init(.refused("the semaphore of \(group) makes no sense")))
            }
            let holders = list.holders ?? []
            return .success(
                Semaphore(version: version, slots: list.totalSlots, holders: holders)
            )
        }
    }

    /// False if another one was faster.
    private func write(
        _ semaphore: Semaphore,
        _ exchange: EtcdExchange
    ) -> Result<Bool, EtcdFailure> {
        let list = Semaphore.List(totalSlots: semaphore.slots, holders: semaphore.holders)
        let transaction = EtcdTransaction(
            key: key,
            version: semaphore.version,
            value: Data(encoded(list))
        )
        return exchange.send("txn", transaction, for: EtcdTransaction.Answer.self)
            .map { $0.succeeded ?? false }
    }
}

private struct Semaphore {
    /// How often it was written; 0 if it does not exist.
    var version: Int64
    var slots: UInt64
    var holders: [String]

    /// Its value, in airlock's words.
    struct List: Codable {
        var totalSlots: UInt64
        var holders: [String]?
    }
}
