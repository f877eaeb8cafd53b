// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
public import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTypes

// The values of arguments: each function reads one, or says what is wrong with it.

func checkedDeploymentID(_ argument: String) throws -> String {
    try UpdateArgument(argument: argument).id
}

/// An update as an argument names it: by its id, or by `@NAME`, whose id is made of the name.
struct UpdateArgument: Codable {
    private(set) var id: String
    private(set) var name: String?

    init(argument: String) throws {
        try self.init(id: argument)
        guard argument.hasPrefix("@") else { return }
        let name = String(argument.dropFirst())
        (id, self.name) = (deploymentID(named: name), name)
    }

    init(id: String) throws {
        guard 1...Limits.deploymentID ~= id.utf8.count else {
            throw ValidationError("an update's id has 1 to \(Limits.deploymentID) bytes")
        }
        (self.id, name) = (id, nil)
    }

    /// The name is told in the reason, since nobody knows it by the id.
    func reason(_ reason: String?) -> String? {
        guard let name else { return reason }
        return reason.map { "\(name): \($0)" } ?? name
    }
}

func checkedName(_ name: String) throws -> String {
    guard isComponentName(name) else {
        throw ValidationError("\(quoted(name)) is not a component name")
    }
    return name
}

/// The part of a name that a component may choose in a systemd unit.
func checkedClaim(_ name: String) throws -> String {
    guard isClaim(name) else {
        throw ValidationError("\(quoted(name)) is not a component name")
    }
    return name
}

func checkedText(_ text: String) throws -> String {
    guard !text.isEmpty else { throw ValidationError("the text must not be empty") }
    return text.repaired
}

/// An empty path, as of a variable that is not set, would be the working directory, or a default.
func checkedPath(_ path: String) throws -> String {
    guard !path.isEmpty else { throw ValidationError("the path must not be empty") }
    return path
}

/// Milliseconds from `500ms`, `30s`, `10m`, `1h30m`, `2d` or `0`.
func milliseconds(_ text: String) throws -> Int64 {
    guard let number = milliseconds(spelled: text) else {
        throw ValidationError(
            "a duration is whole numbers and their units, as in 500ms, 30s, 10m, 1h30m or 2d,"
                + " and at most \(longestDuration / 86_400_000)d"
        )
    }
    return number
}

/// One of a few words. The argument parser lists them by key paths, which costs much at each start.
public protocol WordArgument: ExpressibleByArgument, CaseIterable, RawRepresentable<String> {}

extension WordArgument {
    public static var allValueStrings: [String] { allCases.map { $0.rawValue } }
}

extension Disruption: WordArgument {}
extension OnSilence: WordArgument {}
extension OnAbsence: WordArgument {}
extension OnDeadline: WordArgument {}

/// An outcome that an operator may report. On the command line, as is usual there, its words are
/// separated by hyphens.
struct ReportedOutcome: ExpressibleByArgument, Hashable {
    let outcome: Outcome

    init(_ outcome: Outcome) {
        self.outcome = outcome
    }

    init?(argument: String) {
        let match = Outcome.reportable.first { Self($0).argument == argument }
        guard let match else { return nil }
        outcome = match
    }

    static var allValueStrings: [String] { Outcome.reportable.map { Self($0).argument } }

    var defaultValueDescription: String { argument }

    private var argument: String { outcome.word }
}

extension Outcome {
    /// As the command takes and prints it: "rolled-back".
    var word: String {
        rawValue.map { $0.isUppercase ? "-" + $0.lowercased() : String($0) }.joined()
    }
}
