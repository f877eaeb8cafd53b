// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The JSON of a document as it may be shown on a terminal: what that could obey is escaped, which
/// changes nothing for a program that reads it.
func jsonText(_ document: [UInt8]) -> String {
    let text = String(decoding: document, as: UTF8.self)
    guard text.unicodeScalars.contains(where: \.isInstruction) else { return text }
    var shown = ""
    for scalar in text.unicodeScalars {
        if scalar.isInstruction {
            for unit in String(scalar).utf16 { shown += escaped(unit) }
        } else {
            shown.unicodeScalars.append(scalar)
        }
    }
    return shown
}

private func escaped(_ unit: UInt16) -> String {
    let digits = String(unit, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
}
