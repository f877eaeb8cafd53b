// SPDX-License-Identifier: Apache-2.0

/// What the command line asks for.
enum Arguments {
    struct Options {
        var config = "/etc/reprieve/permit.conf"
        var id: String?
    }

    case run(Options)
    case status(Options)
    case release(Options)
    case id(Options)
    case check(Options)
    case help
    case wrong(String)

    init(_ words: some Collection<String>) {
        var options = Options()
        var command: String?
        var rest = Array(words)[...]
        while let word = rest.popFirst() {
            switch word {
            case "--help", "-h":
                self = .help
                return
            case "--config", "--id":
                guard let value = rest.popFirst(), !value.isEmpty else {
                    self = .wrong("\(word) requires a value")
                    return
                }
                if word == "--id" { options.id = value } else { options.config = value }
            case _ where !word.hasPrefix("-") && command == nil: command = word
            default:
                self = .wrong("\(word) is unknown here")
                return
            }
        }
        self = Self.command(command ?? "run", options)
    }

    private static func command(_ word: String, _ options: Options) -> Arguments {
        if options.id != nil, word != "release" { return .wrong("--id is for release only") }
        switch word {
        case "run": return .run(options)
        case "status": return .status(options)
        case "release": return .release(options)
        case "id": return .id(options)
        case "check": return .check(options)
        default: return .wrong("\(word) is no command")
        }
    }

    static let helpText = """
        Usage: reprieve-permit [--config FILE] [COMMAND]

        Asks a server before an update interrupts this device, so that no more devices of a
        fleet are updated at a time than there are slots.

          run              takes part in updates; the default
          status           what this device has claimed; with etcd also who holds the slots
          release          gives this device's slot back, whatever it is held for
          release --id ID  gives back the slot of a device that does not return
          id               the id by which the server knows this device, and its host name
          check            whether the configuration is right, and the server reached

          --config FILE    default: /etc/reprieve/permit.conf

        Exit codes: 0 done; 64 wrong usage; 69 the server is not reached, or refuses; 74 the state
        cannot be read or written; 75 this program, or another release, runs already;
        78 the configuration is wrong.
        """
}

/// As sysexits.h has them.
enum ExitStatus {
    static let usage: Int32 = 64
    static let noServer: Int32 = 69
    static let noFile: Int32 = 74
    static let runsAlready: Int32 = 75
    static let configuration: Int32 = 78
}
