// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import Testing

@testable import reprieve_cli

private func participant(
    _ component: String,
    _ state: ParticipantState,
    untilMs: Int64? = nil,
    message: String? = nil
) -> ParticipantShape {
    ParticipantShape(
        component: component,
        state: state,
        sinceMs: 3_000,
        untilMs: untilMs,
        message: message,
        deferrals: state == .deferred ? 2 : 0,
        blockedMs: 3_000,
        remainingMs: 3_600_000
    )
}

private func update(_ participants: [ParticipantShape], blockedBy: [String]) -> UpdateShape {
    UpdateShape(
        deploymentID: "d-1",
        state: .waiting,
        reason: "nucleus 2.13.0",
        disruption: .nucleus,
        ageMs: 4_000,
        deadlineInMs: 86_396_000,
        blockedBy: blockedBy,
        participants: participants
    )
}

private let camera = participant(
    "com.example.Camera",
    .deferred,
    untilMs: 11_200,
    message: "recording"
)

private let arm = participant("com.example.Arm", .acknowledged)

@Suite("The text of a gate and of the status") struct StatusTextTests {
    @Test func `shows how many the nucleus has denied`() {
        var upstream = UpstreamShape(socket: "/run/n", state: .serving, connections: 1)
        #expect(text(upstream) == "upstream /run/n: serving, 1 connection\n")
        upstream.refusals = 2
        #expect(text(upstream) == "upstream /run/n: serving, 1 connection, 2 denied\n")
    }

    @Test func `names the blocking components, why, and for how long`() {
        let others = [arm, participant("com.example.Till", .silent)]
        let shown = line(update(others + [camera], blockedBy: ["com.example.Camera"]))
        let expected = "waiting for com.example.Camera (recording), 12 s left; 2 of 3 ready"
        #expect(shown == expected + "; at most 24 h more")
    }

    @Test func `names two components, the longest deferral first, and counts the others`() {
        let asked = (1...3).map { participant("com.example.C\($0)", .asked, untilMs: 60_000) }
        let names = asked.map(\.component) + ["com.example.Camera"]
        let shown = line(update(asked + [camera], blockedBy: names))
        let expected =
            "waiting for com.example.Camera (recording), com.example.C1 (asked) and 2 more,"
            + " 12 s left; 0 of 4 ready; at most 24 h more"
        #expect(shown == expected)
    }

    @Test(arguments: [
        (70, "waiting for com.example.Camera (recording), 12 s left; 1 of 2 ready"),
        (66, "waiting for com.example.Camera (recor~), 12 s left; 1 of 2 ready"),
        (63, "waiting for com.example.Camera, 12 s left; 1 of 2 ready"),
        (50, "waiting for com.example.Camera, 12 s left"),
        (30, "com.example.Camera, 12 s left"),
        (20, "com.exam~, 12 s left"),
    ])
    func `never loses the time left`(columns: Int, expected: String) {
        let update = update([arm, camera], blockedBy: ["com.example.Camera"])
        let shown = line(update, columns: columns)
        #expect(shown.count <= columns)
        #expect(shown == expected)
    }

    @Test(arguments: [
        ("d-1", "d-1"), ("it's", #"'it'\''s'"#), ("a b", "'a b'"), ("", "''"),
        ("a\nb'\u{1B}", #"$'a\012b\'\033'"#), ("$(x)", "'$(x)'"),
    ])
    func `quotes a word for a shell`(word: String, quoted: String) {
        #expect(shellQuoted(word) == quoted)
    }

    @Test(arguments: [
        (0, "0 s"), (350, "0.3 s"), (9_999, "9.9 s"), (59_999, "59 s"), (3_599_999, "59 min 59 s"),
        (86_399_999, "23 h 59 min"),
    ])
    func `rounds a time that has passed down`(milliseconds: Int64, text: String) {
        #expect(elapsed(milliseconds) == text)
    }

    @Test(arguments: [
        (1, "0.1 s"), (1_001, "2 s"), (120_001, "3 min"), (7_140_000, "119 min"),
        (7_140_001, "2 h"), (86_399_000, "24 h"), (86_340_000, "23 h 59 min"),
    ])
    func `rounds a time that is left up`(milliseconds: Int64, text: String) {
        #expect(duration(milliseconds) == text)
    }

    @Test func `escapes the message of a component`() {
        let nasty = participant("a.b", .deferred, message: "x\u{1B}[2J\ny")
        let shown = line(update([nasty], blockedBy: ["a.b"]))
        #expect(shown == #"waiting for a.b (x\u{1b}[2J\u{a}y); 0 of 1 ready; at most 24 h more"#)
    }

    @Test func `says why a gate opened, and which components are silent`() {
        let released = ReleasedShape(
            deploymentID: "d-1",
            basis: .silence,
            waitedMs: 60_000,
            participants: ["a", "b"],
            silent: ["a", "b"],
            overridden: []
        )
        let shown = line(.released(released))
        #expect(shown == "released after 1 min, the other components are silent; silent: a and b")
    }

    @Test func `has the status as a table`() {
        let status = StatusShape(
            updates: [update([arm, camera], blockedBy: ["com.example.Camera"])],
            components: [ComponentShape(component: "com.example.Arm", connections: 1, pids: [42])]
        )
        let expected = """
            update d-1: waiting for 4 s, at most 24 h more, restarts the nucleus
              reason: nucleus 2.13.0
              COMPONENT           STATE         SINCE  UNTIL  DEFERRALS  REMAINING  MESSAGE
              com.example.Arm     acknowledged  3 s    -      0          60 min
              com.example.Camera  deferred      3 s    12 s   2          60 min     recording

            1 component connected
              COMPONENT        CONNECTIONS  PIDS  UNIT
              com.example.Arm  1            42    -

            """
        #expect(text(status) == expected)
    }

    @Test func `names accounts only if they are near a limit or were refused something`() {
        var status = StatusShape(updates: [], components: [])
        status.list([account(connections: 191)])
        #expect(!text(status).contains("account"))
        status.list([
            account(connections: 9, refusals: 3),
            account(connections: 192),
            account("till\u{1B}.service", connections: 191),
        ])
        let expected = """
            no update is waiting

            no component is connected

            2 accounts near a limit, or refused something
              ACCOUNT   CONNECTIONS  HANDSHAKES  BYTES    SUBSCRIPTIONS  COMPONENTS  OWED  REFUSALS
              uid 1001  9/256        0/64        0/65536  1/64           1           -     3
              uid 1001  192/256      0/64        0/65536  1/64           1           -     0

            """
        #expect(text(status) == expected)
        status.list([account("till\u{1B}.service", connections: 255)])
        #expect(text(status).contains(#"  till\u{1b}.service (uid 1001)  255/256"#))
    }

    private func account(
        _ service: String? = nil,
        connections: Int64,
        refusals: Int64 = 0
    ) -> AccountShape {
        AccountShape(
            uid: 1001,
            service: service,
            socket: .components,
            connections: UsageShape(used: connections, limit: 256),
            handshakes: UsageShape(used: 0, limit: 64),
            bytes: UsageShape(used: 0, limit: 65_536),
            subscriptions: UsageShape(used: 1, limit: 64),
            components: UsageShape(used: 1),
            owed: nil,
            refusals: refusals
        )
    }

    @Test func `says that a state of a later broker is unknown`() throws {
        let json = #"{"deploymentId":"d-1","state":"dreaming"}"#
        let update = try UpdateShape(decoding: Array(json.utf8))
        let shown = text(StatusShape(updates: [update], components: []))
        #expect(shown.hasPrefix("update d-1: unknown for 0 s\n"))
    }

    @Test func `says that there is no update`() {
        let shown = text(StatusShape(updates: [], components: []))
        #expect(shown == "no update is waiting\n\nno component is connected\n")
    }

    @Test(arguments: [60, 80, 120, 200])
    func `fits a terminal, also with wide characters`(columns: Int) {
        let film = participant("com.example.Camera", .deferred, untilMs: 9_000, message: "録画中です")
        let long = participant("till/" + String(repeating: "n", count: 120), .asked, untilMs: 9_000)
        let names = [film.component, long.component]
        let status = StatusShape(updates: [update([film, long], blockedBy: names)], components: [])
        let context = StatusContext(now: 0, shutdownLimit: .seconds(5))
        let size = Terminal.Size(rows: 40, columns: columns)
        for line in pageText(status, size, context).split(separator: "\u{1B}[K\r\n") {
            #expect(line.width <= columns)
        }
        let shown = statusLines(status, columns, context).map(\.text)
        #expect(shown.contains { $0.contains("deferred") && $0.contains("9 s") })
        #expect(shown.contains { $0.contains("録画中です") })
        #expect(shown.joined(separator: " ").contains("at most 24 h more (until"))
    }

    @Test(arguments: [60, 120])
    func `cuts no column of the components but their names`(columns: Int) {
        let name = "com.example." + String(repeating: "n", count: 100)
        let unit = "com.example.Camera.service"
        let component = ComponentShape(component: name, connections: 2, pids: [4_711], unit: unit)
        var status = StatusShape(updates: [], components: [component])
        status.missing = (1...9).map { "com.example.Till\($0)" }
        let lines = statusLines(status, columns, StatusContext()).map {
            $0.drawn(columns, colours: false)
        }
        #expect(lines.contains { $0.hasPrefix("  com.ex") && $0.hasSuffix("  4711  " + unit) })
        #expect(lines.contains { $0.hasSuffix("com.example.Till9") })
    }

    @Test func `keeps the indentation of a line that is wrapped`() {
        var update = update([arm], blockedBy: [])
        update.reason = String(repeating: "word ", count: 15)
        let status = StatusShape(updates: [update], components: [])
        let lines = statusLines(status, 60, StatusContext()).map(\.text)
        let first = lines.firstIndex { $0.hasPrefix("  reason: word") }
        #expect(first.map { lines[$0 + 1].hasPrefix("    word") } == true)
    }

    @Test func `is coloured by what a component does, and cut before that`() {
        let status = StatusShape(
            updates: [update([arm, camera], blockedBy: ["com.example.Camera"])],
            components: [],
            missing: ["com.example.Till"]
        )
        let lines = statusLines(status, 100, StatusContext())
        #expect(lines[0].style == .heading)
        let styles = lines.filter { $0.text.hasPrefix("  com.example") }.map(\.style)
        #expect(styles == [.busy, .ready])
        #expect(lines.contains { $0.text.hasSuffix("com.example.Till") && $0.style == .trouble })
        let line = StyledLine(text: "abcdef", style: .busy)
        #expect(line.drawn(4, colours: true) == "\u{1B}[33mabc~\u{1B}[0m")
        #expect(line.drawn(4, colours: false) == "abc~")
    }

    @Test func `says what holds a shutdown back, and for how long`() {
        var status = StatusShape(updates: [], components: [])
        status.inhibitors = [
            InhibitorShape(mode: "delay", why: "components are asked"),
            InhibitorShape(mode: "block", why: "update \"d\" is being applied"),
        ]
        let shown = text(status, StatusContext(shutdownLimit: .seconds(5)))
        #expect(shown.contains("a shutdown waits, for at most 5 s: components are asked\n"))
        #expect(shown.contains("a shutdown is refused: update \"d\" is being applied\n"))
        let unknown = text(status, StatusContext())
        #expect(unknown.contains("logind is to delay shutdowns: components are asked\n"))
    }

    @Test func `says until when an update waits at most`() {
        let now: Int64 = 1_795_467_600_000
        let shown = text(update([camera], blockedBy: []), StatusContext(now: now))
        let end = clockTime(now + 86_396_000, now: now).dropFirst(3)
        #expect(shown.contains(", at most 24 h more (until \(end))"))
    }

    @Test func `is the same until something happens`() {
        let one = update([camera], blockedBy: ["com.example.Camera"])
        #expect(one.aged(by: 900).withoutTimes == one.withoutTimes)
        var other = one
        other.participants[0].deferrals += 1
        #expect(other.withoutTimes != one.withoutTimes)
    }

    @Test func `counts the time between two changes`() {
        let later = update([camera], blockedBy: ["com.example.Camera"]).aged(by: 5_000)
        #expect(later.ageMs == 9_000)
        #expect(later.participants[0].untilMs == 6_200)
        #expect(later.participants[0].sinceMs == 8_000)
        #expect(later.aged(by: 60_000).participants[0].untilMs == 0)
    }
}
