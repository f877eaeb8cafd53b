// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveProtocol
internal import Systemd

struct WindowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "window",
        abstract: "Acknowledges updates in maintenance windows, and defers others.",
        discussion: """
            This is a component that acknowledges each update while one of the windows is open. At \
            any other time it defers the update to the beginning of the next window. If a window \
            ends while an update waits, the update is deferred again. An update that has begun \
            goes on.

            A window is written as a calendar event of systemd.time(7), with an end. Weekdays and \
            date may be absent:

              02:00..05:00                      each night
              22:00..05:00                      to 05:00 of the next day
              Sat,Sun 02:00..05:00              Mon..Fri is a range
              Sun *-*-1..7 02:00..05:00         the first Sunday of each month
              12-24 00:00..24:00                the same as *-12-24

            A weekday is an English name or its first three letters. The parts of a date (year, \
            month and day) are *, or lists of numbers and ranges. Other forms of systemd.time(7) \
            are errors. Windows that overlap or touch are one window.

            A window is open while the local clock shows a time in it; TZ or /etc/localtime says \
            what the local clock is. When the clocks are put forward, what they skip does not come \
            that day: 02:00..03:00 may be absent. When they are put back, what they repeat comes \
            twice.

            When the clock is set, the answers that become others by it are given again. A \
            deferral to the same window is not: the status shows its old end. A device whose clock \
            shows a time before 2020 does not know the time: updates are deferred until the clock \
            is set.

            With Veto=yes in its section [Component NAME] of reprieved.conf, no update goes ahead \
            outside of the windows, or while this component is not running: an update that meets \
            none until its deadline is refused. Without it, this component can defer an update \
            only as long as the operator's budget and the update's deadline allow (MaxTotalDefer \
            and Deadline). An operator can force an update in either case.

            --check prints the next windows, and needs no broker. With --json it prints one \
            object: "open" is a boolean, and "windows" is a list of objects with "beginsAtMs" and \
            "endsAtMs", in milliseconds since 1970-01-01 00:00 UTC.

            This command runs until SIGTERM \
            (exit code 0) or Ctrl-C (130). A lost broker is tried again without limit. With exit \
            code 77 the broker does not accept this component. In the package, \
            reprieve-window.service runs it with the windows of /etc/reprieve/window.
            """
    )

    @OptionGroup var component: ComponentOptions

    @Flag(help: "Print the next windows, and exit.")
    var check = false

    @Flag(help: "With --check, print them as one line of JSON.")
    var json = false

    @Argument(
        help: ArgumentHelp("When updates may begin.", valueName: "window"),
        transform: calendarWindow
    )
    var windows: [CalendarWindow]

    private static let shownWindows = 5

    func validate() throws {
        guard !json || check else { throw ValidationError("--json requires --check") }
    }

    func run() async throws {
        let calendar = WindowCalendar(windows: windows, zone: .local)
        let now = WallClockTimer.now / 1_000
        do throws(CalendarError) {
            for window in try calendar.check(at: now) {
                OutputStream.error.line("reprieve: the window \(quoted(window.text)) is over")
            }
        } catch { throw Failure(.wrongUsage, error.message) }
        if check { return try show(calendar, at: now) }
        let responder = try WindowResponder(calendar)
        let subscription = component.subscription
        try await untilSignal { try await responder.run(with: subscription) }
    }

    private func show(_ calendar: WindowCalendar, at now: Timestamp) throws {
        let ranges = calendar.next(Self.shownWindows, after: now)
        guard !ranges.isEmpty else { throw Failure(.wrongUsage, "no window comes any more") }
        if json { return OutputStream.standard.line(calendar.json(ranges, at: now)) }
        OutputStream.standard.line(calendar.text(calendar.state(at: now), at: now))
        OutputStream.standard.write(calendar.text(ranges))
    }
}

private func calendarWindow(_ text: String) throws -> CalendarWindow {
    do throws(CalendarError) { return try CalendarWindow(text) } catch {
        throw ValidationError(error.message)
    }
}
