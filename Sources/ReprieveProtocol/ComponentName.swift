// SPDX-License-Identifier: Apache-2.0

internal import ReprieveTypes
internal import StrictJSON

/// Whether a text can be a component's name: 1 to 128 bytes of letters, digits and `._-@:+/`,
/// where the slash parts a unit from a claim within it.
package func isComponentName(_ text: String) -> Bool {
    guard 1...Limits.componentName ~= text.utf8.count else { return false }
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return parts.count <= 2 && parts.allSatisfy { isClaim(String(Substring($0))) }
}

/// Whether a text can be the name that a connection claims: as a component's, without the slash.
package func isClaim(_ text: String) -> Bool {
    (1...Limits.componentName).contains(text.utf8.count) && text.utf8.allSatisfy(isNameByte)
}

private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "-"), UInt8(ascii: "@"), UInt8(ascii: ":"), UInt8(ascii: "+"):
        true
    default: false
    }
}

/// A text of a peer's in quotes, with everything escaped that a terminal or a log might obey, and
/// cut where it is long.
package func quoted(_ text: String) -> String {
    "\"" + escaped(text, limit: 96) { $0 == "\"" || $0 == "\\" } + "\""
}

/// The same for people: without quotes, and with quotes as they are.
package func printable(_ text: String, limit: Int = 96) -> String {
    escaped(text, limit: limit) { _ in false }
}

private func escaped(
    _ text: String,
    limit: Int,
    withBackslash: (Unicode.Scalar) -> Bool
) -> String {
    // Most are plain, and need not be looked up in Unicode's tables.
    if text.utf8.count <= limit, isPlain(text) { return text }
    var shown = ""
    for scalar in text.unicodeScalars.prefix(limit) {
        switch scalar {
        case _ where withBackslash(scalar): shown += "\\" + String(scalar)
        case _ where scalar.isVisible: shown.unicodeScalars.append(scalar)
        default:
            shown +=
                scalar.rawByte.map { "\\x" + String($0, radix: 16) }
                ?? "\\u{" + String(scalar.value, radix: 16) + "}"
        }
    }
    return shown + (text.unicodeScalars.count > limit ? "…" : "")
}

/// Whether each byte stands for itself, with quotes around it or without.
private func isPlain(_ text: String) -> Bool {
    let bytes = text.utf8.span
    for place in bytes.indices {
        let byte = bytes[place]
        guard 0x20...0x7E ~= byte, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else {
            return false
        }
    }
    return true
}

extension Unicode.Scalar {
    fileprivate var isVisible: Bool {
        switch properties.generalCategory {
        case .surrogate, .privateUse, .unassigned: false
        default: !isInstruction
        }
    }

    /// Whether a terminal may obey it rather than show it: control characters, and those that
    /// change the direction of the text around them.
    package var isInstruction: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
