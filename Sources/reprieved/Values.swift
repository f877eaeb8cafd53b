// SPDX-License-Identifier: Apache-2.0

import Glibc
import Negotiation
import ReprieveProtocol

// What the values of settings mean.

func duration(_ text: String) throws(ValueError) -> Duration {
    guard let number = milliseconds(spelled: text) else {
        throw ValueError("\(quoted(text)) is no duration, as 500ms, 30s, 10m and 2h are")
    }
    return .milliseconds(number)
}

func yesOrNo(_ text: String) throws(ValueError) -> Bool {
    switch text.lowercased() {
    case "yes", "true", "on", "1": return true
    case "no", "false", "off", "0": return false
    default: throw ValueError("\(quoted(text)) is neither yes nor no")
    }
}

/// A group's number, by its name or as it is.
func group(_ text: String) throws(ValueError) -> UInt32 {
    if let number = UInt32(text) { return number }
    guard let found = getgrnam(text) else { throw ValueError("there is no group \(quoted(text))") }
    return found.pointee.gr_gid
}

/// A rule without content, for the names that match a pattern.
func rule(for pattern: String) throws(ValueError) -> ComponentRule {
    guard isComponentName(String(pattern.map { $0 == "*" || $0 == "?" ? "x" : $0 })) else {
        throw ValueError("\(quoted(pattern)) is no component's name, nor a pattern of names")
    }
    return ComponentRule(pattern: pattern)
}
