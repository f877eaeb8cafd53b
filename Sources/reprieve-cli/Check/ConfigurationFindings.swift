// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// What the daemon says of its configuration, which it alone can judge.
struct FoundConfiguration: Hashable, Sendable {
    /// Nil where it could not be asked.
    var isGood: Bool?
    /// What it printed: first what was read, where that is good.
    var result: [String] = []
    /// What it complained of.
    var complaints: [String] = []
    /// Whether this process has the rights of the broker: if not, it may be kept from a file, or
    /// distrust one, that the broker reads.
    var isBrokersUser = true
}

func findings(about found: FoundConfiguration) -> [Finding] {
    guard let isGood = found.isGood else {
        let text = "the configuration is not checked: no reprieved was found that answers"
        return [.note(text, "install it beside this command, or in PATH")]
    }
    let all = found.complaints.map { finding(about: $0, isGood, found.isBrokersUser) }
    guard isGood else {
        let unsaid = Finding.problem("reprieved cannot read its configuration", advice)
        return all.isEmpty ? [unsaid] : all
    }
    return (found.result.first.map { [.good(whole($0))] } ?? []) + all
}

private func whole(_ line: String) -> String { printable(line, limit: .max) }

private let advice = "correct it: the broker does not start with it; reprieved --check-config"

private func finding(about complaint: String, _ isGood: Bool, _ isBrokersUser: Bool) -> Finding {
    let text = whole(complaint)
    if isGood { return .note(text, "see reprieved --check-config") }
    // What the system refuses or what is not trusted, and not a mistake in a line.
    if complaint.hasPrefix("cannot "), !isBrokersUser {
        return .note("not checked: " + text, "run it as the broker's user")
    }
    return .problem(text, advice)
}
