// SPDX-License-Identifier: Apache-2.0

import Glibc
import Negotiation
import ReprieveProtocol

// What the texts of values mean.

func parsedDuration(_ text: String) throws(ValueError) -> Duration {
    guard let number = milliseconds(spelled: text) else {
        throw ValueError("\(quoted(text)) is not a duration such as 500ms, 30s, 10m or 2h")
    }
    return .milliseconds(number)
}

func parsedFlag(_ text: String) throws(ValueError) -> Bool {
    switch text.lowercased() {
    case "yes", "true", "on", "1": return true
    case "no", "false", "off", "0": return false
    default: throw ValueError("\(quoted(text)) is neither yes nor no")
    }
}

/// A group's number, given by the name of the group or as it is.
func parsedGroup(_ text: String) throws(ValueError) -> UInt32 {
    if let number = UInt32(text) { return number }
    guard let found = getgrnam(text) else { throw ValueError("there is no group \(quoted(text))") }
    return found.pointee.gr_gid
}

/// A rule that says nothing yet, for the names that match a pattern.
func emptyRule(for pattern: String) throws(ValueError) -> ComponentRule {
    guard isComponentName(String(pattern.map { $0 == "*" || $0 == "?" ? "x" : $0 })) else {
        throw ValueError("\(quoted(pattern)) is neither a component's name nor a pattern of names")
    }
    return ComponentRule(pattern: pattern)
}
