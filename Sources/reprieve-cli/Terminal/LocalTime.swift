// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// "2026-11-23 03:12:07 +0100", in the local time zone, of milliseconds since 1970.
func localTime(_ milliseconds: Int64) -> String {
    var seconds = time_t(milliseconds / 1_000)
    var parts = tm()
    guard localtime_r(&seconds, &parts) != nil else { return "-" }
    let date = [Int(parts.tm_year) + 1_900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
    let time = [Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec)]
    let minutes = abs(parts.tm_gmtoff) / 60
    let zone = (parts.tm_gmtoff < 0 ? "-" : "+") + twoDigits(minutes / 60) + twoDigits(minutes % 60)
    return date.map(twoDigits).joined(separator: "-") + " "
        + time.map(twoDigits).joined(separator: ":") + " " + zone
}

/// "at 03:12:07", or "at 03:12:07 on 2026-11-23" where that is not today.
func clockTime(_ milliseconds: Int64, now: Int64) -> String {
    let (whole, today) = (localTime(milliseconds), localTime(now))
    guard whole.count > 19 else { return "at an unknown time" }
    let time = "at " + whole.dropFirst(11).prefix(8)
    return whole.prefix(10) == today.prefix(10) ? time : time + " on " + whole.prefix(10)
}

/// Milliseconds since 1970, by this device's clock.
func wallClockNow() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
}

func twoDigits(_ number: Int) -> String {
    number < 10 ? "0\(number)" : String(number)
}
