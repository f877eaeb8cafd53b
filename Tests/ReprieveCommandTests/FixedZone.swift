// SPDX-License-Identifier: Apache-2.0

@testable import reprieve_cli

/// A time zone for a year and some days, as the public time zone database has it.
struct FixedZone: Sendable, CustomStringConvertible {
    typealias Change = (at: Timestamp, offset: Int64, abbreviation: String)

    let name: String
    /// When the year begins, in UTC.
    let year: Timestamp
    /// The first one is earlier than the year.
    let changes: [Change]

    var description: String { name }

    var zone: TimeZone {
        TimeZone { moment in
            let change = self.change(moment)
            return TimeZone.Shift(offset: change.offset, abbreviation: change.abbreviation)
        }
    }

    func offset(_ moment: Timestamp) -> Int64 { change(moment).offset }

    private func change(_ moment: Timestamp) -> Change {
        changes.last { $0.at <= moment } ?? changes[0]
    }

    static let all = [berlin, stJohns, lordHowe, kathmandu, saoPaulo, samoa]

    static let berlin = FixedZone(
        name: "Europe/Berlin",
        year: 1_767_225_600,
        changes: [
            (1_766_966_400, 3_600, "CET"),
            (1_774_746_000, 7_200, "CEST"),
            (1_792_890_000, 3_600, "CET"),
            (1_806_195_600, 7_200, "CEST"),
            (1_824_944_400, 3_600, "CET"),
        ]
    )

    static let stJohns = FixedZone(
        name: "America/St_Johns",
        year: 1_767_225_600,
        changes: [
            (1_766_966_400, -12_600, "NST"),
            (1_772_947_800, -9_000, "NDT"),
            (1_793_507_400, -12_600, "NST"),
            (1_805_002_200, -9_000, "NDT"),
            (1_825_561_800, -12_600, "NST"),
        ]
    )

    static let lordHowe = FixedZone(
        name: "Australia/Lord_Howe",
        year: 1_767_225_600,
        changes: [
            (1_766_966_400, 39_600, "+11"),
            (1_775_314_800, 37_800, "+1030"),
            (1_791_041_400, 39_600, "+11"),
            (1_806_764_400, 37_800, "+1030"),
            (1_822_491_000, 39_600, "+11"),
        ]
    )

    static let kathmandu = FixedZone(
        name: "Asia/Kathmandu",
        year: 1_767_225_600,
        changes: [
            (1_766_966_400, 20_700, "+0545")
        ]
    )

    static let saoPaulo = FixedZone(
        name: "America/Sao_Paulo",
        year: 1_514_764_800,
        changes: [
            (1_514_505_600, -7_200, "-02"),
            (1_518_919_200, -10_800, "-03"),
            (1_541_300_400, -7_200, "-02"),
            (1_550_368_800, -10_800, "-03"),
        ]
    )

    static let samoa = FixedZone(
        name: "Pacific/Apia",
        year: 1_293_840_000,
        changes: [
            (1_293_580_800, -36_000, "-10"),
            (1_301_752_800, -39_600, "-11"),
            (1_316_872_800, -36_000, "-10"),
            (1_325_239_200, 50_400, "+14"),
            (1_333_202_400, 46_800, "+13"),
            (1_348_927_200, 50_400, "+14"),
        ]
    )
}

/// A time of the local clock in Berlin, which is so many hours ahead of UTC.
func berlin(_ text: String, hours: Int64) -> Timestamp {
    let numbers = text.split { !$0.isNumber }.compactMap { Int($0) }
    let day = (20_000...22_000).first { day in
        let date = CivilDate(day: day)
        return [date.year, date.month, date.dayOfMonth] == Array(numbers.prefix(3))
    }
    return Timestamp((day ?? 0) * 1_440 + numbers[3] * 60 + numbers[4]) * 60 - hours * 3_600
}

extension TimeZone {
    func text(_ range: Range<Timestamp>) -> String {
        text(range.lowerBound) + ".." + text(range.upperBound)
    }
}
