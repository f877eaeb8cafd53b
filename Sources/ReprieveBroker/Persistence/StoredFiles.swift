// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation

/// The files in which a broker's promises outlive it.
package enum StoredFile: String, CaseIterable, Hashable, Sendable {
    /// All that is under way, for a broker that goes on in this boot.
    case journal
    /// What was released or has ended, and the history, for the next boot as well.
    case state
}

/// What stands in both files: as much of it as can be read.
package struct StoredFiles: Sendable {
    package let journal: FileContent
    package let state: FileContent

    /// Empty files and missing ones are the same.
    package init(journal: [UInt8] = [], state: [UInt8] = [], boot: String = "") {
        self.journal = FileContent(journal, boot, outlivesBoot: false)
        self.state = FileContent(state, boot, outlivesBoot: true)
    }
}

/// What stands in one file.
package struct FileContent: Sendable {
    /// What is wrong with it; each text starts in lower case and has no full stop.
    package private(set) var findings: [String] = []
    /// Its format is another one: it is not written over.
    package private(set) var isOfOtherVersion = false
    /// Its last records were written in this boot.
    private(set) var isOfThisBoot = false
    let isEmpty: Bool
    /// How long the device had been suspended in its boot when it was written last.
    private(set) var asleep: Duration?
    /// Without their participants.
    private(set) var updates: [DeploymentID: Update] = [:]
    private(set) var participants: [DeploymentID: [ComponentName: Participant]] = [:]
    /// Oldest first.
    private(set) var ended: [(id: DeploymentID, end: Ended)] = []
    private(set) var owed: [ComponentName: [OwedPost]] = [:]
    private(set) var subscribers: Set<ComponentName> = []
    private(set) var decisions: [Int32: [UInt8]] = [:]
    /// Of another boot, whose instants mean nothing in this one.
    private(set) var oldUpdates: Set<DeploymentID> = []
    private(set) var oldEnds: Set<DeploymentID> = []
    private(set) var oldOwed: Set<ComponentName> = []

    var updateIDs: Set<DeploymentID> { Set(updates.keys) }

    /// It holds something to go on from, if only that nothing is under way in this boot.
    var isKnown: Bool { isOfThisBoot || !updates.isEmpty || !ended.isEmpty || !owed.isEmpty }

    fileprivate init(_ bytes: [UInt8], _ boot: String, outlivesBoot: Bool) {
        isEmpty = bytes.isEmpty
        var search = FrameSearch(bytes)
        var frames: [Frame] = []
        while let frame = search.next() { frames.append(frame) }
        var damaged = search.damage.reduce(0) { $0 + $1.count }
        // Records without their end count for nothing: no peer has heard of them.
        while let last = frames.last, last.int32("page") == nil {
            damaged += last.encodedLength
            frames.removeLast()
        }
        // Where the frame is damaged that names the boot: it is safe to let a limit begin again,
        // and not safe to take an instant for one of this boot.
        var isOld = outlivesBoot
        var isVoid = false
        for frame in frames {
            if let text = frame.string("asleep"), let milliseconds = Int64(text) {
                asleep = .milliseconds(milliseconds)
            }
            if let format = frame.int32("format") {
                if !RecordFrames.readable.contains(format) {
                    isOfOtherVersion = true
                    let age = format > RecordFrames.format ? "a later" : "an earlier"
                    findings = ["it was written by \(age) version"]
                }
                isOfThisBoot = frame.string("boot") == boot
                isOld = !isOfThisBoot
                isVoid = isOld && !outlivesBoot
            } else if !isVoid {
                do throws(RecordError) { try apply(frame, isOld: isOld) } catch {
                    damaged += frame.encodedLength
                }
            }
        }
        if isOfOtherVersion {
            (updates, ended, owed, subscribers, decisions) = ([:], [], [:], [], [:])
        } else if isVoid {
            findings = ["it was written in another boot, and is void"]
        } else if damaged > 0 {
            let place = search.damage.first?.lowerBound ?? 0
            findings = ["\(damaged) of \(bytes.count) bytes are damaged, from byte \(place) on"]
        }
    }

    private mutating func apply(_ frame: Frame, isOld: Bool) throws(RecordError) {
        let payload = frame.payload
        if let id = frame.string("update") {
            try applyUpdate(id, payload, isOld: isOld)
        } else if let id = frame.string("participants") {
            for (name, participant) in try RecordFrames.participants(payload) {
                participants[id, default: [:]][name] = participant
            }
        } else if let id = frame.string("ended") {
            try applyEnd(id, payload, isOld: isOld)
        } else if let name = frame.string("owed") {
            owed[name] = nil
            if !payload.isEmpty {
                owed[name] = try decoded(payload, []) { (reader, posts) throws(RecordError) in
                    try reader.code(&posts)
                }
            }
            if isOld { oldOwed.insert(name) } else { oldOwed.remove(name) }
        } else if let name = frame.string("subscriber") {
            if payload.isEmpty { subscribers.remove(name) } else { subscribers.insert(name) }
        } else if let number = frame.int32("decision") {
            decisions[number] = payload
        } else {
            throw RecordError()
        }
    }

    private mutating func applyUpdate(
        _ id: DeploymentID,
        _ payload: [UInt8],
        isOld: Bool
    ) throws(RecordError) {
        updates[id] = nil
        if isOld { oldUpdates.insert(id) } else { oldUpdates.remove(id) }
        guard !payload.isEmpty else {
            participants[id] = nil
            return
        }
        let blank = Update(UpdateRequest(deploymentID: id), announced: .boot, deadline: .boot)
        updates[id] = try decoded(payload, blank) { (reader, update) throws(RecordError) in
            try reader.code(&update)
        }
    }

    private mutating func applyEnd(
        _ id: DeploymentID,
        _ payload: [UInt8],
        isOld: Bool
    ) throws(RecordError) {
        ended.removeAll { $0.id == id }
        if isOld { oldEnds.insert(id) } else { oldEnds.remove(id) }
        guard !payload.isEmpty else { return }
        let end = try decoded(payload, Ended(.unknown, at: .boot)) {
            (reader, end) throws(RecordError) in try reader.code(&end, of: id)
        }
        ended.append((id, end))
    }

    private func decoded<Value>(
        _ payload: [UInt8],
        _ blank: Value,
        _ read: (inout RecordReader, inout Value) throws(RecordError) -> Void
    ) throws(RecordError) -> Value {
        var reader = RecordReader(payload)
        var value = blank
        try read(&reader, &value)
        return value
    }
}
