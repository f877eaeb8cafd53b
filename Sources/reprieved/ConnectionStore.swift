// SPDX-License-Identifier: Apache-2.0

import Glibc
import Negotiation
import ReprieveBroker
import Systemd

/// The connections that the service manager keeps while this process is restarted: systemd's file
/// descriptor store, `FileDescriptorStoreMax=` in the unit.
///
/// Beside the connections it keeps marks, one for each slot of a peer. A mark is set while the
/// broker works for that peer: from before it reads to after it has written. Where it is still set
/// at the next start, the broker died in that work, and nothing tells how far it came: the
/// connection is not taken back.
final class ConnectionStore {
    private static let marksName = "marks"
    /// No peer has this slot. Its mark says that the journal lacks something.
    private static let journalSlot = 0

    private let log: Log
    /// Nil where nothing is kept.
    private var marks: SharedMarks?
    /// The slots whose marks are set.
    private var marked: [Int] = []
    private var kept: [KeptDescriptor]
    private var hasLoggedFailure = false

    init(_ inherited: [InheritedDescriptor], _ log: Log) {
        self.log = log
        kept = inherited.compactMap { KeptDescriptor($0) }
        do throws(SystemError) {
            marks = try Self.marks(among: inherited)
        } catch {
            log.write(.info, error.message + "; connections end with this process")
        }
        discardUncertain()
    }

    /// What was inherited and is none of these.
    static func others(among inherited: [InheritedDescriptor]) -> [InheritedDescriptor] {
        inherited.filter { $0.name != marksName && KeptDescriptor($0) == nil }
    }

    var isOpen: Bool { marks != nil }

    /// How many connections the service manager keeps. Systemd says so since version 254.
    var room: Int {
        getenv("FDSTORE").flatMap { Int(String(cString: $0)) }.map { max(0, $0 - 1) } ?? .max
    }

    /// Takes what is left of an earlier process, sorted by slots.
    func takeKept() -> [KeptDescriptor] {
        defer { kept = [] }
        return kept
    }

    func keep(_ socket: borrowing StreamSocket, _ name: KeptDescriptor.Name) {
        guard isOpen, name.peer.slot < SharedMarks.count, !hasLoggedFailure else { return }
        do throws(SystemError) {
            _ = try Notify.keep(socket.descriptor, name: name.text)
        } catch {
            hasLoggedFailure = true
            log.write(.info, error.message + "; further connections end with this process")
        }
    }
}

// MARK: - Marks

extension ConnectionStore {
    func markWork(for peer: PeerID) {
        guard let marks, peer.slot < SharedMarks.count, !marks[peer.slot] else { return }
        marks[peer.slot] = true
        marked.append(peer.slot)
    }

    func markDone(but stalled: [PeerID]) {
        guard let marks, !marked.isEmpty else { return }
        let left = stalled.isEmpty ? [] : Set(stalled.map(\.slot))
        for slot in marked where !left.contains(slot) { marks[slot] = false }
        marked.removeAll { !left.contains($0) }
    }

    var isJournalBehind: Bool {
        get { marks?[Self.journalSlot] ?? false }
        set { marks?[Self.journalSlot] = newValue }
    }

    /// Those of an earlier process, or new ones; nil where there is no service manager.
    private static func marks(
        among inherited: [InheritedDescriptor]
    ) throws(SystemError) -> SharedMarks? {
        if let known = inherited.first(where: { $0.name == marksName }) {
            return try SharedMarks(inheriting: known)
        }
        let marks = try SharedMarks()
        // Without marks nothing that was kept is certain.
        marks[journalSlot] = true
        // That a service manager cannot be notified is said when it is told that all is ready.
        let isKept = (try? Notify.keep(marks.descriptor, name: marksName)) ?? false
        return isKept ? marks : nil
    }

    /// Ends the connections that the earlier process worked for when it died. Then the marks are
    /// this process's.
    private func discardUncertain() {
        var certain: [Int: KeptDescriptor] = [:]
        for one in kept {
            if isUncertain(one.peer.slot) || certain[one.peer.slot] != nil {
                one.discard()
            } else {
                certain[one.peer.slot] = one
            }
        }
        kept = certain.sorted { $0.key < $1.key }.map(\.value)
        guard let marks else { return }
        for slot in 0..<SharedMarks.count where marks[slot] { marks[slot] = false }
    }

    private func isUncertain(_ slot: Int) -> Bool {
        guard let marks, slot < SharedMarks.count else { return true }
        return marks[Self.journalSlot] || marks[slot] || slot == Self.journalSlot
    }
}
