// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import Testing

@testable import reprieve_cli

private func socket(_ role: FoundSocket.Role, _ mode: UInt32, _ failure: String? = nil)
    -> FoundSocket
{
    var socket = FoundSocket(role, at: "/nonexistent/socket", failure: failure)
    socket.mode = mode
    return socket
}

private func limit(_ milliseconds: Int64?, _ files: [LimitFile] = []) -> FoundShutdownLimit {
    FoundShutdownLimit(limitMs: milliseconds, responseTimeoutMs: 60_000, files: files)
}

@Suite("A check of a device") struct CheckTests {
    @Test func `finds a control socket that every user may open`() {
        #expect(findings(about: socket(.control, 0o666))[0].level == .problem)
        #expect(findings(about: socket(.control, 0o660))[0].level == .good)
        #expect(findings(about: socket(.component, 0o666))[0].level == .good)
        #expect(findings(about: socket(.component, 0o660))[0].level == .note)
        let failed = findings(about: socket(.control, 0o660, "no process listens"))
        #expect(failed[0].text.hasSuffix("cannot be used: no process listens"))
        #expect(failed[0].advice != nil)
    }

    @Test func `says who this process is, and why`() {
        var found = FoundIdentity(name: "till/a.b", unit: "till.service", claim: "a.b")
        #expect(
            findings(about: found)[0].text == "this process is till/a.b, by its unit till.service"
        )
        found = FoundIdentity(name: "a.b", claim: "a.b")
        #expect(findings(about: found)[0].text.contains("by its claim"))
        found = FoundIdentity(name: "a.b", unit: "x.service", sentToken: true)
        #expect(findings(about: found)[0].text == "this process is a.b, by its token")
        found = FoundIdentity(name: "x", unit: "x.service", sentToken: true)
        #expect(findings(about: found)[0].level == .problem)
        found = FoundIdentity(denial: "its token is not known")
        #expect(findings(about: found)[0].text.hasSuffix("its token is not known"))
    }

    @Test func `finds that a shutdown is shorter than an answer may take`() {
        let short = findings(about: limit(5_000))
        #expect(
            short[0].text == "a shutdown waits for at most 5 s, and components have 60 s to answer"
        )
        #expect(findings(about: limit(120_000)).map(\.level) == [.good])
        #expect(findings(about: limit(nil)).map(\.level) == [.note])
    }

    @Test func `finds a file that counts for more than ours`() {
        let own = LimitFile(path: "/etc/systemd/logind.conf.d/zz-reprieve.conf", value: "2min")
        let last = LimitFile(path: "/usr/lib/systemd/logind.conf.d/zz-zvendor.conf", value: "5")
        let early = LimitFile(path: "/run/systemd/logind.conf.d/10-x.conf", value: "30")
        let files = [LimitFile](mainFile: nil, directories: [[own], [early], [], [last]])
        #expect(files == [early, own, last])
        let found = findings(about: limit(120_000, files))
        #expect(found.map(\.level) == [.good, .problem])
        #expect(found[1].text.contains(last.path) && found[1].text.contains("more than 2min"))
        #expect(findings(about: limit(120_000, [early, own])).count == 1)
    }

    @Test func `takes the file in etc where several have one name`() {
        let etc = LimitFile(path: "/etc/systemd/logind.conf.d/a.conf", value: "1")
        let lib = LimitFile(path: "/usr/lib/systemd/logind.conf.d/a.conf", value: "2")
        #expect([LimitFile](mainFile: nil, directories: [[etc], [], [], [lib]]) == [etc])
    }

    @Test func `reads the last value of a key`() {
        let text = "[Login]\n#InhibitDelayMaxSec=9\nInhibitDelayMaxSec = 5\nInhibitDelayMaxSec=7 \n"
        #expect(value(of: "InhibitDelayMaxSec", in: text) == "7")
        #expect(value(of: "InhibitDelayMaxSec", in: "# InhibitDelayMaxSec=5") == nil)
    }

    @Test func `reads names in units and in the configuration`() {
        let unit = "ExecStop=/usr/bin/reprieve gate --component a.b --require=c.d -- true\n"
        #expect(names(mentionedIn: unit) == ["a.b", "c.d"])
        let long = "ExecStop=reprieve gate \\\n    --require \"a.b\" \\\n    -- true\n"
        #expect(names(mentionedIn: long) == ["a.b"])
        #expect(names(mentionedIn: "ExecStart=/bin/x --component a.b") == [])
        let configuration = "[Component com.example.*]\n[Component e.f]\nRequired=yes\n"
        #expect(names(mentionedIn: configuration) == ["e.f"])
    }

    @Test func `finds names that no component has, and tokens that are not used`() {
        var found = FoundNames()
        found.connected = ["till/a.b"]
        found.known = ["old"]
        found.mentions = ["a.b", "old", "typo"].map { .init(name: $0, place: "/etc/x.service") }
        found.tokens = [.init(name: "gone", place: "0a1b2c3d"), .init(name: "old", place: "11")]
        let all = findings(about: found)
        #expect(all.map(\.level) == [.problem, .note])
        #expect(all[0].text == "/etc/x.service names typo, which no component is called")
        #expect(all[1].text == "the token 0a1b2c3d of gone is not used")
        found.isTokensFileRead = false
        #expect(findings(about: found).map(\.level) == [.problem, .note, .problem])
        #expect(findings(about: FoundNames()).map(\.level) == [.good])
    }

    @Test func `finds a configuration that the daemon does not start with`() {
        var found = FoundConfiguration()
        #expect(findings(about: found).map(\.level) == [.note])
        (found.isGood, found.result) = (true, ["the configuration is good: /x", "[Policy]"])
        #expect(findings(about: found) == [.good("the configuration is good: /x")])
        found.complaints = ["there is no tokens file"]
        #expect(findings(about: found).map(\.level) == [.good, .note])
        found = FoundConfiguration(isGood: false, complaints: ["/x:1: bad", "cannot open /t"])
        #expect(findings(about: found).map(\.level) == [.problem, .problem])
        found.isBrokersUser = false
        #expect(findings(about: found).map(\.level) == [.problem, .note])
        found = FoundConfiguration(isGood: false)
        #expect(findings(about: found).map(\.level) == [.problem])
    }

    @Test func `finds a state directory that does not outlive a reboot`() {
        var found = FoundSystem(stateDirectory: "/var/lib/reprieve")
        #expect(findings(about: found).map(\.level) == [.good, .good])
        found.isInMemory = true
        #expect(findings(about: found)[0].text.contains("a reboot loses the history"))
        found = FoundSystem(stateDirectory: "/x", isReadOnly: true, writeFailures: 3, year: 1970)
        #expect(findings(about: found).map(\.level) == [.problem, .note, .problem])
        found = FoundSystem(stateDirectory: "/x", isThere: false, isSynchronized: false)
        #expect(findings(about: found).map(\.level) == [.problem, .note])
    }

    @Test func `has what to do below what was found`() {
        let problem = Finding.problem("x is wrong", "do y")
        #expect(problem.lines == ["problem  x is wrong", "         -> do y"])
        #expect(Finding.good("z").lines == ["ok       z"])
    }
}
