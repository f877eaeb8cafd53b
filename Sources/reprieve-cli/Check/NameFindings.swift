// SPDX-License-Identifier: Apache-2.0

/// Names that something on this device refers to, and those that components have.
struct FoundNames: Hashable, Sendable {
    /// A name and where it stands: "/etc/systemd/system/x.service".
    struct Mention: Hashable, Sendable {
        var name: String
        var place: String
    }

    var mentions: [Mention] = []
    /// Components with a token, and the first digits of its digest.
    var tokens: [Mention] = []
    var connected: Set<String> = []
    /// Those that the history or an update knows.
    var known: Set<String> = []
    /// Whether the broker has read the tokens file as it is now; nil where that is not known.
    var isTokensFileRead: Bool?
    /// Why this process could not read it.
    var tokensFailure: String?
}

func findings(about found: FoundNames) -> [Finding] {
    let nobody = found.mentions.filter { !found.has($0.name) }.map { mention in
        Finding.problem(
            "\(shown(mention.place)) names \(shown(mention.name)), which no component is called",
            "correct the name, or start the component; `reprieve status` lists those there are"
        )
    }
    let unused = found.tokens.filter { !found.has($0.name) }.map { token in
        Finding.note(
            "the token \(token.place) of \(shown(token.name)) is not used",
            "if it never will be: reprieve token --revoke \(token.name) --digits \(token.place)"
        )
    }
    var unread: [Finding] = []
    if let failure = found.tokensFailure {
        unread = [.note("tokens are not checked: \(shown(failure))", "run it as its owner")]
    }
    if found.isTokensFileRead == false {
        let text = "the broker has not read the tokens file as it is now"
        unread = [.problem(text, "see journalctl -u reprieved")]
    }
    let all = nobody + unused + unread
    guard all.isEmpty else { return all }
    return [.good("all names in units, rules and tokens are those of components")]
}

extension FoundNames {
    /// NAME means UNIT/NAME as well.
    fileprivate func has(_ name: String) -> Bool {
        connected.union(known).contains { $0 == name || $0.hasSuffix("/" + name) }
    }
}

/// The names that the command lines of a unit give to `reprieve`, and the whole names that have a
/// section in a configuration of the broker.
func names(mentionedIn text: String) -> [String] {
    var names: [String] = []
    let whole = text.replacing("\\\n", with: " ")
    for line in whole.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
        let words = line.split { " \t=\"'".contains($0) }.map(String.init)
        if words.count == 2, words[0] == "[Component", words[1].hasSuffix("]") {
            names.append(String(words[1].dropLast()))
        }
        guard words.contains(where: { $0 == "reprieve" || $0.hasSuffix("/reprieve") }),
            words.contains("gate")
        else { continue }
        let options = words.indices.filter { ["--component", "--require"].contains(words[$0]) }
        names += options.compactMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
    }
    return names.filter { !$0.contains("*") && !$0.contains("?") && !$0.contains("%") }
}
