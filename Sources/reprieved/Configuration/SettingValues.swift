// SPDX-License-Identifier: Apache-2.0

import Glibc
import Negotiation
import ReprieveProtocol

// What the texts of values mean.

/// How durations are written, and the longest one.
var durationsText: String {
    "500ms, 30s, 10m, 1h30m or 2d, at most \(longestDuration / 86_400_000)d"
}

func parsedDuration(_ text: String) throws(ValueError) -> Duration {
    guard let number = milliseconds(spelled: text) else {
        throw ValueError("\(quoted(text)) is not a duration such as \(durationsText)")
    }
    return .milliseconds(number)
}

func parsedCount(_ text: String, in bounds: ClosedRange<Int>) throws(ValueError) -> Int {
    guard isDigits(text), let number = Int(text), bounds.contains(number) else {
        throw ValueError("\(quoted(text)) is not a number from \(countsText(bounds))")
    }
    return number
}

func countsText(_ bounds: ClosedRange<Int>) -> String {
    "\(bounds.lowerBound) to \(bounds.upperBound)"
}

/// With a suffix as in systemd's units: "64K" are 65,536.
func parsedBytes(_ text: String, in bounds: ClosedRange<Int>) throws(ValueError) -> Int {
    let units = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
    let unit = text.last.flatMap { units[String($0)] }
    let digits = unit == nil ? text[...] : text.dropLast()
    let number = isDigits(digits) ? Int(digits) : nil
    let (product, overflow) = (number ?? 0).multipliedReportingOverflow(by: unit ?? 1)
    guard number != nil, !overflow, bounds.contains(product) else {
        throw ValueError("\(quoted(text)) is not a number of bytes from \(bytesText(bounds))")
    }
    return product
}

func bytesText(_ bounds: ClosedRange<Int>) -> String {
    "\(bytesText(bounds.lowerBound)) to \(bytesText(bounds.upperBound))"
}

/// "64K".
private func bytesText(_ bytes: Int) -> String {
    let units: [(String, Int)] = [("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)]
    guard let (suffix, unit) = units.first(where: { bytes.isMultiple(of: $0.1) }) else {
        return String(bytes)
    }
    return "\(bytes / unit)\(suffix)"
}

private func isDigits(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
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
