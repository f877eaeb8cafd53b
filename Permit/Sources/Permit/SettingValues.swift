// SPDX-License-Identifier: Apache-2.0

internal import Reprieve

/// Each reads a value of the configuration file.
enum SettingValue {
    static func word<Word>(_ text: String) throws(ValueError) -> Word
    where Word: RawRepresentable<String> & CaseIterable {
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValueError(message: "is none of \(words)")
    }

    static func urls(_ text: String) throws(ValueError) -> [String] {
        let urls = text.split { $0 == " " || $0 == "\t" }.map(String.init)
        for url in urls where !["http://", "https://"].contains(where: { isURL(url, $0) }) {
            throw ValueError(message: "\(url) is no http:// or https:// URL")
        }
        return urls
    }

    private static func isURL(_ url: String, _ scheme: String) -> Bool {
        url.hasPrefix(scheme) && url.count > scheme.count && !url.contains { "?#\"".contains($0) }
    }

    static func group(_ text: String) throws(ValueError) -> String {
        guard isWord(text, with: ".-") else {
            throw ValueError(message: "a group has up to 128 letters, digits, dots and hyphens")
        }
        return text
    }

    static func component(_ text: String) throws(ValueError) -> String {
        guard isWord(text, with: "._-@:+") else {
            throw ValueError(message: "a component has up to 128 letters, digits and ._-@:+")
        }
        return text
    }

    private static func isWord(_ text: String, with signs: String) -> Bool {
        let isAllowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: signs.utf8.contains(byte)
            }
        }
        return isAllowed && text.utf8.count <= 128
    }

    static func id(_ text: String) throws(ValueError) -> String {
        guard text.utf8.count <= 128, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw ValueError(message: "an id has up to 128 ASCII characters, and no space")
        }
        return text
    }

    static func slots(_ text: String) throws(ValueError) -> UInt64 {
        guard let slots = UInt64(text), slots > 0 else {
            throw ValueError(message: "is not a number of slots, from 1")
        }
        return slots
    }

    static func path(_ text: String) throws(ValueError) -> String {
        guard text.hasPrefix("/") else { throw ValueError(message: "is not an absolute path") }
        return text
    }

    static func command(_ text: String) throws(ValueError) -> [String] {
        _ = try path(text)
        return text.split { $0 == " " || $0 == "\t" }.map(String.init)
    }

    static func concerns(_ text: String) throws(ValueError) -> Disruption {
        switch text {
        case "all": .components
        case "nucleus": .nucleus
        case "reboot": .softReboot
        default: throw ValueError(message: "is none of all, nucleus, reboot")
        }
    }

    static func offline(_ text: String) throws(ValueError) -> Duration? {
        if text == "wait" { return nil }
        let words = text.split { $0 == " " || $0 == "\t" }
        guard words.count == 2, words[0] == "proceed-after" else {
            throw ValueError(message: "is neither wait nor proceed-after DURATION")
        }
        return try duration(String(words[1]), from: .seconds(1))
    }

    static func duration(_ text: String, from least: Duration = .zero) throws(ValueError)
        -> Duration
    {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units: [String: Int64] = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000]
        guard let count = Int64(digits), let unit = units[String(text.dropFirst(digits.count))],
            count <= 1_000_000
        else { throw ValueError(message: "is not a duration such as 500ms, 30s, 10m, 6h") }
        let duration = Duration.milliseconds(count * unit)
        guard duration >= least else { throw ValueError(message: "is too short") }
        return duration
    }
}
