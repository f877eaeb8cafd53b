// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator

struct AlertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alert",
        abstract: "Tells people of components that are overridden, and of last calls.",
        discussion: """
            With --on-override, COMMAND is run when the gate of an update has opened over a \
            component's deferral, once for each update and component. It is run without a shell, \
            without standard input, and with these variables in its environment:

              REPRIEVE_EVENT           override
              REPRIEVE_DEPLOYMENT_ID   the update
              REPRIEVE_REASON          why the update is made
              REPRIEVE_COMPONENT       the component
              REPRIEVE_MESSAGE         why it deferred
              REPRIEVE_BASIS           why the gate opened: capped, deadline or forced
              REPRIEVE_FORCED_BY       the process that forced it, as in "uid 0, pid 4711"
              REPRIEVE_FORCE_REASON    why it was forced
              REPRIEVE_OMITTED         how many more it overrode that are not reported

            One COMMAND runs at a time. After --time-limit it and the processes of its group are \
            sent SIGTERM, and a second later SIGKILL. At most \(AlertFollower.Limit.queue) \
            wait, of which \(AlertFollower.Limit.queueOfUnit) for components of one unit \
            (UNIT/NAME); what is more is not reported, and a message on standard error says so. \
            What was overridden while this command did not run is not reported either.

            With --wall, wall(1) tells the users who are logged in that an update stops waiting \
            soon, once for each update, when the components are given the last call before its \
            deadline.

            This command runs until SIGTERM (exit code 0) or Ctrl-C (130). A lost broker is tried \
            again without limit. In the package, reprieve-alert.service runs it with the options \
            of /etc/reprieve/alert.
            """
    )

    @OptionGroup var broker: BrokerOptions

    @Option(
        help: ArgumentHelp(
            "The program to run when a component is overridden.",
            valueName: "command"
        ),
        completion: .file()
    )
    var onOverride: String?

    @Option(
        help: ArgumentHelp(
            "How long COMMAND may run (default: 60s).",
            valueName: "duration"
        ),
        transform: milliseconds
    )
    var timeLimit: Int64 = 60_000

    @Flag(help: "Tell the users who are logged in before an update stops waiting.")
    var wall = false

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("The arguments of COMMAND, after --.", valueName: "argument"),
        completion: .file()
    )
    var arguments: [String] = []

    func validate() throws {
        guard wall || onOverride != nil else {
            throw ValidationError("give --wall, --on-override or both")
        }
        guard timeLimit > 0 else {
            throw ValidationError("--time-limit must be longer than 0, as in 60s")
        }
    }

    func run() async throws {
        let path = Executable.searchPath
        let hook = try onOverride.map { try Executable([$0] + arguments, searchPath: path) }
        if wall { _ = try Executable([LastCallWall.program], searchPath: path) }
        let follower = AlertFollower(
            control: broker.control,
            hook: hook,
            usesWall: wall,
            hookLimitMs: timeLimit
        )
        try await untilSignal { try await follower.run() }
    }
}
