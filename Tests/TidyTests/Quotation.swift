// SPDX-License-Identifier: Apache-2.0

/// The Swift that a page of the documentation shows.
struct Quotation {
    var line: Int
    /// Without indentation and empty lines.
    var code: [Substring]

    /// The blocks between "```swift" and "```" in the text of a page.
    static func all(in page: String) -> [Quotation] {
        var quotations: [Quotation] = []
        var current: Quotation?
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let text = line.trimmed
            if text.hasPrefix("```swift") {
                current = Quotation(line: index + 1, code: [])
            } else if text.hasPrefix("```"), let quotation = current {
                quotations.append(quotation)
                current = nil
            } else if !text.isEmpty {
                current?.code.append(text)
            }
        }
        return quotations
    }

    /// Whether these lines stand in a source, in this order. Others may stand between them.
    func occurs(in source: String) -> Bool {
        var rest = code[...]
        for line in source.split(separator: "\n") where line.trimmed == rest.first {
            rest.removeFirst()
        }
        return rest.isEmpty
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }
}
