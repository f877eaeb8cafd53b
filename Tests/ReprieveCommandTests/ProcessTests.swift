// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import reprieve_cli

@Suite("An executable") struct ExecutableTests {
    @Test func `is found in the search path`() throws {
        let executable = try Executable(["sh", "-c", "true"], searchPath: "/nowhere:/bin")
        #expect(executable.path == "/bin/sh")
        #expect(executable.arguments == ["sh", "-c", "true"])
    }

    @Test func `is taken as it is if it is a path`() throws {
        #expect(try Executable(["/bin/sh"], searchPath: "").path == "/bin/sh")
    }

    @Test(arguments: ["no-such-command", "/no/such/command", "/etc/passwd", "/etc", ""])
    func `that cannot be run is an error`(name: String) {
        let failure = #expect(throws: Failure.self) { try Executable([name], searchPath: "/bin") }
        #expect(failure?.exitCode == 127)
    }
}

@Suite("A child process", .serialized) struct ChildProcessTests {
    private func termination(_ script: String) async throws -> ChildProcess.Termination {
        let executable = try Executable(["sh", "-c", script], searchPath: "/bin")
        let child = try await ChildProcess.start(
            executable,
            environment: [("REPRIEVE_BASIS", "consent")]
        )
        await child.waitForEnd()
        return child.reap()
    }

    @Test func `has an exit code`() async throws {
        #expect(try await termination("exit 7") == .exited(7))
    }

    @Test func `has additional variables in its environment`() async throws {
        #expect(try await termination("test $REPRIEVE_BASIS = consent") == .exited(0))
    }

    @Test func `that a signal kills has 128 and its number as exit code`() async throws {
        let end = try await termination("kill -TERM $$")
        #expect(end == .killed(SIGTERM))
        #expect(end.exitCode == 143)
    }

    /// Returns the signal that ends a process which is sent this one, and then SIGUSR1.
    private func fatal(_ signal: Signal, foreground: pid_t?) async throws -> Int32 {
        let executable = try Executable(["sleep", "60"], searchPath: "/bin:/usr/bin")
        let child = try await ChildProcess.start(executable, environment: [])
        child.forward(signal, foreground: foreground)
        child.forward(Signal(number: SIGUSR1), foreground: foreground)
        await child.waitForEnd()
        guard case .killed(let number) = child.reap() else { return 0 }
        return number
    }

    @Test func `is sent a signal, unless a key of the terminal has done so`() async throws {
        let (key, own) = (Signal(number: SIGINT, isFromKernel: true), getpgrp())
        #expect(try await fatal(key, foreground: own) == SIGUSR1)
        #expect(try await fatal(key, foreground: own + 1) == SIGINT)
        #expect(try await fatal(key, foreground: nil) == SIGINT)
        #expect(try await fatal(Signal(number: SIGINT), foreground: own) == SIGINT)
    }

    @Test func `is sent the loss of the terminal`() async throws {
        let signal = Signal(number: SIGHUP, isFromKernel: true)
        #expect(try await fatal(signal, foreground: getpgrp()) == SIGHUP)
    }
}

@Suite("A captured process", .serialized) struct CapturedProcessTests {
    private func result(
        _ script: String,
        within limit: Duration = .seconds(60),
        grace: Duration = .seconds(60)
    ) async throws -> CapturedProcess.Result {
        let executable = try Executable(["sh", "-c", script], searchPath: "/bin")
        let process = try await CapturedProcess(executable, environment: [])
        return await process.waitForEnd(within: limit, grace: grace)
    }

    @Test func `has its output kept up to a limit`() async throws {
        let result = try await result("printf abc; head -c 1000000 /dev/zero; exit 3")
        #expect(result.termination == .exited(3))
        #expect(result.output.prefix(4) == [97, 98, 99, 0])
        #expect(result.output.count == 65_536)
    }

    @Test func `has no input`() async throws {
        #expect(try await result("cat").termination == .exited(0))
    }

    @Test func `is sent SIGTERM at its limit, and SIGKILL after the grace`() async throws {
        let terminated = try await result("trap 'exit 4' TERM; sleep 60 & wait", within: .zero)
        #expect(terminated.wasSignalled)
        let killed = try await result("trap '' TERM; sleep 60", within: .seconds(1), grace: .zero)
        #expect(killed.termination == .killed(SIGKILL))
    }
}

@Suite("A list in the environment") struct EnvironmentListTests {
    @Test func `has all names and their count`() {
        let values = variables("LIST", ["a", "b"]).map(\.value)
        #expect(values == ["a,b", "2"])
    }

    @Test func `is cut between two names, and its count is not`() {
        let values = variables("LIST", ["abc", "def", "g"], limit: 8).map(\.value)
        #expect(values == ["abc,def", "3"])
    }
}
