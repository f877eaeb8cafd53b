// SPDX-License-Identifier: Apache-2.0

extension StringProtocol {
    /// How many columns of a terminal it takes.
    var width: Int {
        utf8.allSatisfy { $0 < 0x80 } ? utf8.count : reduce(0) { $0 + $1.width }
    }
}

extension Character {
    /// 2 for the characters of East Asia and for pictures, 0 for those that only change others.
    var width: Int {
        guard let first = unicodeScalars.first else { return 0 }
        // A picture out of a character that is also a letter or a sign.
        if unicodeScalars.contains("\u{FE0F}") { return 2 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return wideScalars.contains { $0 ~= first.value } ? 2 : 1
        }
    }
}

/// The blocks of Unicode whose characters are wide, as in UAX #11.
private let wideScalars: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x231A...0x231B, 0x23E9...0x23F3, 0x25FD...0x25FE, 0x2614...0x2615,
    0x2648...0x2653, 0x26A1...0x26A1, 0x26BD...0x26BE, 0x26C4...0x26C5, 0x26D4...0x26D4,
    0x26EA...0x26EA, 0x26F2...0x26F5, 0x26FA...0x26FD, 0x2705...0x2705, 0x270A...0x270B,
    0x274C...0x274E, 0x2753...0x2757, 0x2795...0x2797, 0x2B1B...0x2B1C, 0x2B50...0x2B55,
    0x2E80...0x303E, 0x3041...0x3247, 0x3250...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97C,
    0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
    0xFFE0...0xFFE6, 0x16FE0...0x18CFF, 0x1B000...0x1B2FF, 0x1F004...0x1F004, 0x1F0CF...0x1F0CF,
    0x1F18E...0x1F19A, 0x1F1E6...0x1F265, 0x1F300...0x1F64F, 0x1F680...0x1F6FC,
    0x1F7E0...0x1F7EB, 0x1F90C...0x1FAFF, 0x20000...0x3FFFD,
]

/// A text of at most so many columns; what is missing at its end is marked.
func cut(_ text: String, to limit: Int) -> String {
    guard text.width > limit else { return text }
    var (room, kept) = (limit - 1, "")
    for character in text {
        room -= character.width
        if room < 0 { break }
        kept.append(character)
    }
    return limit < 1 ? "" : kept + "~"
}

/// The lines of a text in so many columns, broken at spaces where there are any. They are indented
/// as the text is, and those that follow from one by two more.
func wrapped(_ text: String, to columns: Int) -> [String] {
    let indent = String(text.prefix { $0 == " " })
    let room = max(2, columns - indent.width - 2)
    var lines: [String] = []
    var line = indent
    for word in text.dropFirst(indent.count).split(separator: " ").flatMap({ $0.pieces(room) }) {
        let isFirst = line.width <= indent.width + (lines.isEmpty ? 0 : 2)
        if isFirst || line.width + 1 + word.width <= columns {
            line += (isFirst ? "" : " ") + word
        } else {
            lines.append(line)
            line = indent + "  " + word
        }
    }
    return lines + [line]
}

extension Substring {
    /// Parts of so many columns at most.
    fileprivate func pieces(_ columns: Int) -> [String] {
        var pieces = [""]
        for character in self {
            let last = pieces.count - 1
            if pieces[last].isEmpty || pieces[last].width + character.width <= columns {
                pieces[last].append(character)
            } else {
                pieces.append(String(character))
            }
        }
        return pieces
    }
}
