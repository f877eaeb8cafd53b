// SPDX-License-Identifier: Apache-2.0

import StrictJSON
import TestSupport

func read(_ text: String, limits: JSONLimits = .default) throws(JSONError) -> JSON {
    try JSON(decoding: Array(text.utf8), limits: limits)
}

/// What is said of a text that is refused; empty if it is taken.
func complaint(_ bytes: some Sequence<UInt8>, limits: JSONLimits = .default) -> String {
    do {
        _ = try JSON(decoding: Array(bytes), limits: limits)
        return ""
    } catch {
        return error.message
    }
}

func complaint(_ text: String, limits: JSONLimits = .default) -> String {
    complaint(text.utf8, limits: limits)
}

func written(_ json: JSON) -> String {
    String(decoding: json.encoded(), as: UTF8.self)
}

extension JSON {
    static func random(depth: Int, using dice: inout SplitMix64) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &dice) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &dice))
        case 2: return .integer(Int64.random(in: -9...9, using: &dice))
        case 3: return .integer(Int64.random(in: .min ... .max, using: &dice))
        case 4:
            return .number(["0.5", "-1e-7", "1e30", "18446744073709551615"][Int(dice.next() % 4)])
        case 5: return .string(.random(using: &dice))
        case 6:
            return .array(
                (0..<Int(dice.next() % 5)).map { _ in random(depth: depth - 1, using: &dice) }
            )
        default:
            // The number makes the names differ.
            return .object(
                (0..<Int(dice.next() % 5)).map {
                    Member("\($0)" + .random(using: &dice), random(depth: depth - 1, using: &dice))
                }
            )
        }
    }
}

extension String {
    static func random(using dice: inout SplitMix64) -> String {
        let tops: [UInt32] = [0x20, 0x80, 0x800, 0xFFFF, 0x10FFFF]
        var text = ""
        for _ in 0..<dice.next() % 12 {
            let code = UInt32.random(in: 0...tops[Int(dice.next() % 5)], using: &dice)
            text.unicodeScalars.append(Unicode.Scalar(code) ?? "\"")
        }
        return text
    }
}
