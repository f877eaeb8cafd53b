// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import ReprieveTransport

/// A line of text, and what it is about, for terminals with colours.
struct StyledLine: Hashable, Sendable {
    enum Style: Hashable, Sendable {
        case plain
        case heading
        /// It keeps an update waiting.
        case busy
        case ready
        case trouble

        fileprivate var code: String? {
            switch self {
            case .plain: nil
            case .heading: "1"
            case .busy: "33"
            case .ready: "32"
            case .trouble: "31"
            }
        }
    }

    var text: String
    var style = Style.plain

    /// In so many columns.
    func drawn(_ columns: Int, colours: Bool) -> String {
        let text = cut(text, to: columns)
        guard colours, let code = style.code else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}

extension StyledLine {
    func wrapped(to columns: Int) -> [StyledLine] {
        guard text.width > columns else { return [self] }
        return reprieve_cli.wrapped(text, to: columns).map { StyledLine(text: $0, style: style) }
    }

    /// The lines of a text, all in one style.
    static func lines(_ text: String, _ style: Style = .plain) -> [StyledLine] {
        text.split(separator: "\n").map { StyledLine(text: String($0), style: style) }
    }
}

/// Colours are shown on terminals, unless NO_COLOR says that they are not wanted.
var wantsColours: Bool { environment("NO_COLOR")?.isEmpty ?? true }

extension ParticipantState? {
    /// How a component in this state looks in an update that waits.
    var style: StyledLine.Style {
        switch self {
        case .acknowledged: .ready
        case .asked, .deferred: .busy
        case .absent, .away, .silent, .gone, .overridden: .trouble
        default: .plain
        }
    }
}
