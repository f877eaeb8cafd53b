// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// A word as a shell reads it. What a terminal may obey is escaped, as bash, zsh and ksh read it.
func shellQuoted(_ word: String) -> String {
    let isPlain = { (character: Character) in
        character.isASCII && (character.isLetter || character.isNumber)
            || "_-./:=@%+,".contains(character)
    }
    if !word.isEmpty, word.allSatisfy(isPlain) { return word }
    guard word.unicodeScalars.contains(where: \.isInstruction) else {
        return "'"
            + word.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "'\\''") + "'"
    }
    return "$'" + word.unicodeScalars.map(escaped).joined() + "'"
}

private func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "'", "\\": return "\\" + String(scalar)
    case _ where scalar.isInstruction:
        return String(scalar).utf8.map { byte in
            let digits = String(byte, radix: 8)
            return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }.joined()
    default: return String(scalar)
    }
}

/// The command that reports the outcome of an update, to be copied to a shell.
func completionCommand(
    _ id: String,
    controlSocket: String? = nil,
    outcome: String? = nil
) -> String {
    var words = ["reprieve", "complete"]
    if let controlSocket { words += ["--control-socket", controlSocket] }
    if let outcome { words += ["--outcome", outcome] }
    // An id may begin with a hyphen.
    if id.hasPrefix("-") { words.append("--") }
    return (words + [id]).map(shellQuoted).joined(separator: " ")
}
