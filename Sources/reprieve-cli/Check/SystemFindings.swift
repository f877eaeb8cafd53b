// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The state directory, and the clock.
struct FoundSystem: Hashable, Sendable {
    var stateDirectory: String
    var isThere = true
    var isReadOnly = false
    /// Its content is lost at a reboot.
    var isInMemory = false
    var freeBytes: Int64 = .max
    /// Writes that have failed, by the broker's own count.
    var writeFailures: Int64 = 0
    /// The year that the clock has.
    var year = 2026
    var isSynchronized = true
}

func findings(about found: FoundSystem) -> [Finding] {
    [state(found)] + failures(found) + [clock(found)]
}

/// What the history and the released updates need.
private let enoughBytes: Int64 = 4 * 1_024 * 1_024

private func state(_ found: FoundSystem) -> Finding {
    let name = "the state directory \(shown(found.stateDirectory))"
    guard found.isThere else {
        return .problem("\(name) is not there", "start the broker, or name its --state-directory")
    }
    if found.isInMemory {
        let text = "\(name) is in memory: a reboot loses the history, and updates under way"
        return .problem(text, "let StateDirectory= of reprieved.service be on a disk")
    }
    if found.isReadOnly {
        let text = "\(name) is read-only: nothing outlives a reboot"
        return .problem(text, "mount its file system for writing")
    }
    if found.freeBytes < enoughBytes {
        return .problem("\(name) has no room", "free 4 MB on its file system")
    }
    return .good("\(name) can be written, and outlives a reboot")
}

private func failures(_ found: FoundSystem) -> [Finding] {
    guard found.writeFailures > 0 else { return [] }
    let text = "\(found.writeFailures) writes of the broker's files have failed so far"
    return [.note(text, "see journalctl -u reprieved")]
}

private func clock(_ found: FoundSystem) -> Finding {
    if found.year < 2026 {
        let text = "the clock says that it is \(found.year): times in the history mean nothing"
        return .problem(text, "set it: timedatectl set-ntp true")
    }
    guard found.isSynchronized else {
        let text = "the clock is not synchronized; deadlines do not need it, the history does"
        return .note(text, "timedatectl set-ntp true")
    }
    return .good("the clock is synchronized")
}
