// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// One of the files: what it has yet to get, and how writing it went.
struct WrittenFile: Sendable {
    private static let retryInterval = Duration.seconds(5)

    let file: StoredFile
    /// What has changed since it was written.
    var changes: [Change] = []
    /// The next record has to name the boot and the format: an earlier version may have written
    /// what is there.
    private(set) var needsHeader = true
    var needsReplacing = false
    /// The file is kept under another name when it is replaced.
    var keepsOld = false
    private(set) var failure: StorageFailure?
    private(set) var retryDeadline: Instant?
    /// Since they were taken last.
    private var counts: FileMetricsShape

    init(_ file: StoredFile) {
        self.file = file
        counts = FileMetricsShape(file: file.rawValue)
    }

    /// Its changes are added to it. Otherwise it is replaced, or cannot be written for a while.
    var takesRecords: Bool { retryDeadline == nil && !needsReplacing }

    /// What could not be written is tried again, as a whole.
    mutating func retry() {
        retryDeadline = nil
        needsReplacing = true
    }

    /// What is to be done with the file. The record has its changes, where it takes records.
    mutating func takeWrite(_ record: [UInt8]) -> StorageWrite? {
        changes.removeAll(keepingCapacity: file == .journal)
        guard retryDeadline == nil else { return nil }
        if needsReplacing {
            needsReplacing = false
            counts.replacements += 1
            return StorageWrite(file: file, kind: .replace(keepsOld: keepsOld))
        }
        counts.appendedBytes += Int64(record.count)
        return record.isEmpty ? nil : StorageWrite(file: file, kind: .append(record))
    }

    /// Returns the failure that it had before.
    mutating func noteStored(_ failure: StorageFailure?, at now: Instant) -> StorageFailure? {
        let known = self.failure
        self.failure = failure
        if failure == nil {
            needsHeader = false
            keepsOld = false
        } else {
            counts.failures += 1
            retryDeadline = now + Self.retryInterval
        }
        return known
    }

    mutating func takeCounts() -> FileMetricsShape {
        defer { counts = FileMetricsShape(file: file.rawValue) }
        return counts
    }
}
