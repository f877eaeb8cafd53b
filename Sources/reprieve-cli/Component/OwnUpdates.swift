// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import ReprieveTransport
internal import Synchronization
internal import Systemd

/// The updates that COMMAND itself announces, under `reprieve hold`, or is part of, under `reprieve
/// gate`. They must not wait for the end of COMMAND, nor COMMAND for theirs.
///
/// A `gate` finds in its environment the sockets of each `hold` around it, and sends them the id of
/// its update before it announces that. Every user can read the names of sockets in
/// /proc/net/unix, and send to them: so a secret goes with the id, which stands in that environment
/// only.
final class OwnUpdates: Sendable {
    private static let variable = "REPRIEVE_HOLD"

    /// Messages that are read at once: as many as wait, and not as many as others can send.
    private static let batch = 1_024

    private let socket: AbstractSocket?
    private let secret = randomWord()
    private let source: Mutex<(any DispatchSourceRead)?>
    private let ids: Mutex<Set<String>>
    private let handler = Mutex<(@Sendable (String) -> Void)?>(nil)

    init() {
        ids = Mutex(Set([environment("REPRIEVE_DEPLOYMENT_ID")].compactMap(\.self)))
        let socket = try? AbstractSocket(named: "reprieve-hold-" + randomWord())
        self.socket = socket
        let queue = DispatchQueue(label: "own updates")
        source = Mutex(
            socket.map {
                DispatchSource.makeReadSource(fileDescriptor: $0.descriptor, queue: queue)
            }
        )
        source.withLock { source in
            source?.setEventHandler { [weak self] in self?.receive() }
            // The socket stays open until the source no longer waits for it.
            source?.setCancelHandler { withExtendedLifetime(socket) {} }
            source?.activate()
        }
    }

    deinit { source.withLock { $0?.cancel() } }

    /// For the environment of COMMAND.
    var variables: [(name: String, value: String)] {
        let own = socket.map { $0.name + ":" + secret }
        let names = [environment(Self.variable), own].compactMap(\.self)
        return names.isEmpty ? [] : [(Self.variable, names.joined(separator: " "))]
    }

    /// `handle` is called with the id of each update that COMMAND announces from now on.
    func onAnnouncement(_ handle: @escaping @Sendable (String) -> Void) {
        handler.withLock { $0 = handle }
    }

    func contains(_ id: String) -> Bool {
        ids.withLock { ids in
            read(into: &ids)
            return ids.contains(id)
        }
    }

    private func receive() {
        let handle = handler.withLock { $0 }
        for id in ids.withLock({ read(into: &$0) }) { handle?(id) }
    }

    @discardableResult
    private func read(into ids: inout Set<String>) -> [String] {
        var new: [String] = []
        for _ in 0..<Self.batch {
            guard let bytes = socket?.next() else { break }
            let words = String(decoding: bytes, as: UTF8.self).split(separator: " ", maxSplits: 1)
            if words.count == 2, words[0] == secret { new.append(String(words[1])) }
        }
        ids.formUnion(new)
        return new
    }

    /// Tells each `hold` around this program that it announces this update.
    static func announce(_ id: String) {
        for hold in (environment(variable) ?? "").split(separator: " ") {
            let parts = hold.split(separator: ":").map(String.init)
            guard parts.count == 2 else { continue }
            AbstractSocket.send(Array((parts[1] + " " + id).utf8), to: parts[0])
        }
    }
}

/// 128 random bits.
private func randomWord() -> String {
    (0..<2).map { _ in String(UInt64.random(in: 0...UInt64.max), radix: 36) }.joined()
}
