// SPDX-License-Identifier: Apache-2.0

import Testing

/// A limit that a page states, and where the code has it. `SpecificationTests` compares the table
/// "Limits" of `Protocol/README.md`.
struct StatedLimit: CustomTestStringConvertible {
    let page: String
    /// The words around the numbers, each of which is a `#`.
    let sentence: String
    let numbers: [LimitInCode]

    init(_ page: String, _ sentence: String, _ numbers: LimitInCode...) {
        self.page = page
        self.sentence = sentence
        self.numbers = numbers
    }

    var testDescription: String { "\(page): \(sentence)" }

    /// What the page should say; nil where the code has no such limit.
    var expected: String? {
        var text = ""
        let parts = sentence.split(separator: "#", omittingEmptySubsequences: false)
        for (part, number) in zip(parts, numbers) {
            guard let number = number.text else { return nil }
            text += part + number
        }
        return text + parts[numbers.count]
    }
}

/// A number of a Swift file: the one behind a text that stands in it once.
struct LimitInCode {
    enum Style { case plain, grouped, kibibytes, mebibytes, word, wordOfOneLess }

    let file: String
    let before: String
    let style: Style

    init(_ file: String, _ before: String, _ style: Style = .plain) {
        self.file = file
        self.before = before
        self.style = style
    }

    var text: String? {
        guard let value else { return nil }
        return switch style {
        case .plain: "\(value)"
        case .grouped: Self.grouped(value)
        case .kibibytes: value % 1_024 == 0 ? "\(value / 1_024)" : nil
        case .mebibytes: value % (1_024 * 1_024) == 0 ? "\(value >> 20)" : nil
        case .word: Self.words[value]
        case .wordOfOneLess: Self.words[value - 1]
        }
    }

    private static let words = [7: "seven", 8: "eight"]

    /// As in "16 * 1_024".
    private var value: Int? {
        let parts = TidyTests.text(of: file).split(separator: before)
        guard parts.count == 2, let rest = parts.last else { return nil }
        let expression = rest.prefix { $0.isNumber || $0 == "_" || $0 == " " || $0 == "*" }
        let factors = expression.split(separator: "*").map { factor in
            Int(String(factor.filter(\.isNumber)))
        }
        return factors.isEmpty
            ? nil
            : factors.reduce(1) { product, factor in
                product.flatMap { product in factor.map { product * $0 } }
            }
    }

    private static func grouped(_ number: Int) -> String {
        guard number >= 1_000 else { return "\(number)" }
        let rest = String(number % 1_000)
        return "\(number / 1_000)," + String(repeating: "0", count: 3 - rest.count) + rest
    }
}
