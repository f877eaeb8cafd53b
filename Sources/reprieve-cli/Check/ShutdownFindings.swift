// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// A configuration file of logind that sets how long shutdowns are delayed.
struct LimitFile: Hashable, Sendable {
    var path: String
    var value: String

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
}

/// What limits how long a shutdown waits.
struct FoundShutdownLimit: Hashable, Sendable {
    /// What logind says; nil where it cannot be asked.
    var limitMs: Int64?
    /// How long a component may take to answer.
    var responseTimeoutMs: Int64
    /// The files that set it, the one that counts last.
    var files: [LimitFile] = []
}

/// The name of this project's file, which is to count for more than others.
private let ownFile = "zz-reprieve.conf"
private let ownPath = "/etc/systemd/logind.conf.d/" + ownFile

func findings(about found: FoundShutdownLimit) -> [Finding] {
    [length(found)] + precedence(found)
}

private func length(_ found: FoundShutdownLimit) -> Finding {
    guard let limit = found.limitMs else {
        return .note("logind cannot be asked: shutdowns do not wait", "start systemd-logind")
    }
    let text = "a shutdown waits for at most \(duration(limit))"
    guard limit < found.responseTimeoutMs else { return .good(text) }
    let need = "components have \(duration(found.responseTimeoutMs)) to answer"
    return .problem(
        "\(text), and \(need)",
        "set InhibitDelayMaxSec=2min in \(ownPath), and systemctl restart systemd-logind"
    )
}

/// A file that counts for more than ours.
private func precedence(_ found: FoundShutdownLimit) -> [Finding] {
    guard let last = found.files.last, last.name != ownFile,
        let own = found.files.first(where: { $0.name == ownFile })
    else { return [] }
    let values = "InhibitDelayMaxSec=\(shown(last.value)) in \(shown(last.path))"
    return [
        .problem(
            "\(values) counts for more than \(shown(own.value)) in \(shown(own.path))",
            "remove it there, or rename the file: of several, the last by name counts"
        )
    ]
}

extension [LimitFile] {
    /// In the order of systemd: by name; of equal names the one in /etc replaces those elsewhere.
    /// `directories` are in the order of their precedence, with what is in their files.
    init(mainFile: LimitFile?, directories: [[LimitFile]]) {
        var byName: [String: LimitFile] = [:]
        for file in directories.reversed().joined() { byName[file.name] = file }
        self = [mainFile].compactMap { $0 } + byName.values.sorted { $0.name < $1.name }
    }
}

/// The value of a key in an ini file, the last one; nil if it is not set.
func value(of key: String, in text: String) -> String? {
    var value: String?
    for line in text.split(whereSeparator: \.isNewline) {
        let parts = line.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, withoutSpaces(parts[0]) == key else { continue }
        value = withoutSpaces(parts[1])
    }
    return value
}

private func withoutSpaces(_ text: some StringProtocol) -> String {
    let isSpace = { (character: Character) in character == " " || character == "\t" }
    let rest = text.drop(while: isSpace)
    return String(rest.reversed().drop(while: isSpace).reversed())
}
