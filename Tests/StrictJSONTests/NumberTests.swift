// SPDX-License-Identifier: Apache-2.0

import StrictJSON
import Testing

@Suite("JSON numbers") struct NumberTests {
    @Test(arguments: [
        ("0", 0), ("-0", 0), ("0.0", 0), ("-0e5", 0), ("0e999999999999999999999", 0),
        ("7", 7), ("-7", -7), ("1000.0", 1000), ("1e3", 1000), ("1E+3", 1000), ("10e-1", 1),
        ("1.50e1", 15), ("-1.5e1", -15), ("100000e-5", 1), ("0.001e3", 1), ("12.340e2", 1234),
        ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
        ("9223372036854775807.000", Int64.max), ("9.223372036854775807e18", Int64.max),
        ("-0.9223372036854775808e19", Int64.min), ("92233720368547758070e-1", Int64.max),
        ("1000000000000000000", 1_000_000_000_000_000_000), ("1e18", 1_000_000_000_000_000_000),
        ("1000000000000000000000000e-24", 1), ("9007199254740993", 9_007_199_254_740_993),
    ])
    func `what is exactly an integer of 64 bits is one, however spelt`(
        text: String,
        value: Int64
    ) throws {
        #expect(try read(text) == .integer(value))
    }

    @Test(arguments: [
        "1.5", "-0.1", "1e-1", "10e-2", "1e30", "1e19", "10000000000000000000",
        "9223372036854775808", "-9223372036854775809", "18446744073709551616",
        "99999999999999999999999999", "9223372036854775807.5", "1e999999999", "1e-999999999",
        "-1.0e99999999999999999999999999999", "1e-99999999999999999999999999999",
        "100000000000000000000.5",
    ])
    func `any other number is kept as it was spelt`(text: String) throws {
        #expect(try read(text) == .number(text))
        #expect(try read("[\(text) ]") == [.number(text)])
    }

    @Test func `a long number is read exactly`() throws {
        let zeros = String(repeating: "0", count: 30_000)
        #expect(try read("0.\(zeros)1e30001") == 1)
        #expect(try read("1\(zeros)e-30000") == 1)
        #expect(try read("1\(zeros).\(zeros)e-30000") == 1)
        let fraction = "0.\(zeros)1e30000"
        #expect(try read(fraction) == .number(fraction))
        let big = "1\(zeros)e-29981"
        #expect(try read(big) == .number(big))
    }

    @Test(arguments: [
        "+1", ".5", "1.", "1.e5", "1e", "1e+", "1e-", "-", "--1", "01", "-01", "00", "0x10", "1 2",
        "1_000", "1,5", "0e", "1ee5", "1e5.5", "1.2.3", "١", "1f", "-.5", "2.+1", "inf", "nan",
    ])
    func `what is no number is refused`(text: String) {
        #expect(complaint(text) != "")
        #expect(complaint("[\(text)]") != "" || text == "1,5")
    }

    @Test func `the numbers that JSON does not have are refused by name`() {
        #expect(complaint("NaN") == "byte 0: NaN is not JSON")
        #expect(complaint("[1, Infinity]") == "byte 4: Infinity is not JSON")
        #expect(complaint(#"{"a":-Infinity}"#) == "byte 5: -Infinity is not JSON")
        #expect(complaint("-NaN") == "byte 1: expected a digit, found N")
        #expect(complaint("-Inf") == "byte 1: expected a digit, found I")
        #expect(complaint("nan") == "byte 0: expected a value, found n")
    }

    @Test func `a needless zero is refused where it stands`() {
        #expect(complaint("[-012]") == "byte 2: a number starts with a needless 0")
    }
}
