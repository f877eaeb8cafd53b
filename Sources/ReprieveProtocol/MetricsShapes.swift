// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

/// `reprieve#GetMetricsResponse`: what was counted since the broker's first start, and how things
/// stand now. The counts, without `now`, are also what the state file keeps. Most members that are
/// 0 are omitted, since that is written with each decision.
package struct MetricsShape: Shape {
    /// By name, at most `Limits.countedComponents`: those that blocked longest.
    package var components: [ComponentMetricsShape] = []
    /// All other components together.
    package var otherComponents = ComponentMetricsShape()
    package var releases: [ReleaseMetricsShape] = []
    /// Updates that have ended, by outcome.
    package var outcomes: [CountShape] = []
    /// Connections that were accepted.
    package var accepted: Int64 = 0
    /// What peers were refused, by reason.
    package var refusals: [CountShape] = []
    package var files: [FileMetricsShape] = []
    package var now: MomentShape?

    package init() {}

    package init(decoding json: JSON) throws(JSONError) {
        components = try json.shapes("components")
        if let others = try json.object("otherComponents") {
            otherComponents = try ComponentMetricsShape(decoding: others)
        }
        releases = try json.shapes("releases")
        outcomes = try json.shapes("outcomes")
        accepted = try json.count("accepted")
        refusals = try json.shapes("refusals")
        files = try json.shapes("files")
        if let moment = try json.object("now") { now = try MomentShape(decoding: moment) }
    }

    package func write(to object: inout ObjectWriter) {
        object.member("components", components)
        object.member("otherComponents", otherComponents)
        object.member("releases", releases)
        object.member("outcomes", outcomes)
        object.member("accepted", accepted)
        object.member("refusals", refusals)
        object.member("files", files)
        object.member("now", now)
    }
}

/// What one component did in all updates that were decided.
package struct ComponentMetricsShape: Shape {
    /// Empty for several together.
    package var component = ""
    package var blockedMs: Int64 = 0
    package var deferrals: Int64 = 0
    /// Updates that were decided without its answer.
    package var silences: Int64 = 0
    /// Updates that it blocked for all the time that it may.
    package var caps: Int64 = 0
    /// Updates that were decided although it wanted more time.
    package var overrides: Int64 = 0
    /// Updates of which it was told that its time ends.
    package var lastCalls: Int64 = 0

    package init() {}

    package init(decoding json: JSON) throws(JSONError) {
        component = try json.string("component") ?? ""
        blockedMs = try json.count("blockedMs")
        deferrals = try json.count("deferrals")
        silences = try json.count("silences")
        caps = try json.count("caps")
        overrides = try json.count("overrides")
        lastCalls = try json.count("lastCalls")
    }

    package func write(to object: inout ObjectWriter) {
        if !component.isEmpty { object.member("component", component) }
        object.count("blockedMs", blockedMs)
        object.count("deferrals", deferrals)
        object.count("silences", silences)
        object.count("caps", caps)
        object.count("overrides", overrides)
        object.count("lastCalls", lastCalls)
    }
}

/// The updates that were released on one basis, by how long they waited.
package struct ReleaseMetricsShape: Shape {
    /// Bounds of waiting times in seconds, each included. The last count is of those beyond.
    package static let bounds: [Int64] = [1, 10, 60, 600, 3_600, 21_600, 86_400]

    package var basis: String
    package var waitedMs: Int64 = 0
    package var counts: [Int64]

    package init(basis: String) {
        self.basis = basis
        counts = Array(repeating: 0, count: Self.bounds.count + 1)
    }

    package init(decoding json: JSON) throws(JSONError) {
        basis = try json.requiredString("basis")
        waitedMs = try json.count("waitedMs")
        counts = try json.integers("counts").map { min(max(0, $0), largestCount) }
        guard counts.count == Self.bounds.count + 1 else {
            throw JSONError("counts: expected \(Self.bounds.count + 1)")
        }
    }

    package func write(to object: inout ObjectWriter) {
        object.member("basis", basis)
        object.member("waitedMs", waitedMs)
        object.member("counts", counts)
    }
}

/// How often something has happened.
package struct CountShape: Shape {
    package var name: String
    package var count: Int64

    package init(_ name: String, _ count: Int64) {
        self.name = name
        self.count = count
    }

    package init(decoding json: JSON) throws(JSONError) {
        name = try json.requiredString("name")
        count = try json.count("count")
    }

    package func write(to object: inout ObjectWriter) {
        object.member("name", name)
        object.member("count", count)
    }
}

/// What was written to one of the broker's files.
package struct FileMetricsShape: Shape {
    /// `journal` or `state`.
    package var file: String
    package var appendedBytes: Int64 = 0
    package var replacements: Int64 = 0
    package var failures: Int64 = 0

    package init(file: String) {
        self.file = file
    }

    package init(decoding json: JSON) throws(JSONError) {
        file = try json.requiredString("file")
        appendedBytes = try json.count("appendedBytes")
        replacements = try json.count("replacements")
        failures = try json.count("failures")
    }

    package func write(to object: inout ObjectWriter) {
        object.member("file", file)
        object.count("appendedBytes", appendedBytes)
        object.count("replacements", replacements)
        object.count("failures", failures)
    }
}

/// How things stand now.
package struct MomentShape: Shape {
    package var waiting: Int64 = 0
    package var underway: Int64 = 0
    /// Components that block an update, counted once for each.
    package var blockers: Int64 = 0
    package var longestWaitMs: Int64 = 0
    /// Of the update whose deadline comes first; nil while none waits.
    package var deadlineInMs: Int64?
    package var componentConnections: Int64 = 0
    package var controlConnections: Int64 = 0
    package var delaysShutdown = false
    package var blocksShutdown = false
    /// Nil where none is configured.
    package var upstream: UpstreamShape?

    package init() {}

    package init(decoding json: JSON) throws(JSONError) {
        waiting = try json.count("waiting")
        underway = try json.count("underway")
        blockers = try json.count("blockers")
        longestWaitMs = try json.time("longestWaitMs") ?? 0
        deadlineInMs = try json.time("deadlineInMs")
        componentConnections = try json.count("componentConnections")
        controlConnections = try json.count("controlConnections")
        delaysShutdown = try json.bool("delaysShutdown") ?? false
        blocksShutdown = try json.bool("blocksShutdown") ?? false
        if let shape = try json.object("upstream") { upstream = try .init(decoding: shape) }
    }

    package func write(to object: inout ObjectWriter) {
        object.member("waiting", waiting)
        object.member("underway", underway)
        object.member("blockers", blockers)
        object.member("longestWaitMs", longestWaitMs)
        object.member("deadlineInMs", deadlineInMs)
        object.member("componentConnections", componentConnections)
        object.member("controlConnections", controlConnections)
        object.member("delaysShutdown", delaysShutdown)
        object.member("blocksShutdown", blocksShutdown)
        object.member("upstream", upstream)
    }
}

/// Sums of counts do not overflow, whatever a file or a broker says. Readers of JSON often have no
/// larger number.
private let largestCount: Int64 = 1 << 53

extension JSON {
    fileprivate func count(_ name: String) throws(JSONError) -> Int64 {
        min(max(0, try integer(name) ?? 0), largestCount)
    }
}
