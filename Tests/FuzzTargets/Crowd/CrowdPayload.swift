// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol

// What a crowd's members say.

/// Messages of answers: none, short, one whose JSON is six times as long, and one to be cut.
let crowdMessages: [String?] = [
    nil, "busy", String(repeating: "\u{1}", count: Limits.text),
    String(repeating: "\u{E9}", count: 20_000),
]

/// JSON of many members, of deep and of wide arrays, of digits, of escapes.
enum CrowdJSON: CaseIterable {
    case members
    case objects
    case depth
    case elements
    case digits
    case escapes

    /// About so many bytes, in an answer to an update.
    func answer(to id: String, size: Int) -> [UInt8] {
        Array(#"{"deploymentId":"\#(id)","recheckAfterMs":100,"x":\#(text(size))}"#.utf8)
    }

    private func text(_ size: Int) -> String {
        switch self {
        case .members: "{" + joined(size / 10) { #""n\#($0)":1"# } + "}"
        case .objects:
            "[" + joined(size / 2_600) { _ in "{" + joined(256) { #""n\#($0)":1"# } + "}" } + "]"
        case .depth:
            String(repeating: "[", count: size / 2) + String(repeating: "]", count: size / 2)
        case .elements: "[" + joined(size / 2) { "\($0 % 10)" } + "]"
        case .digits: "1" + String(repeating: "0", count: size) + "e-\(size)"
        case .escapes: "\"" + String(repeating: #"\u0001"#, count: size / 6) + "\""
        }
    }

    private func joined(_ count: Int, _ text: (Int) -> String) -> String {
        (0..<count).map(text).joined(separator: ",")
    }
}
