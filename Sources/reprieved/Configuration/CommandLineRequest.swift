// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol

/// What the command line asks for.
enum CommandLineRequest {
    case run(Invocation)
    case check(Invocation)
    case print(String)

    init(_ arguments: [String]) throws(UsageError) {
        var invocation = Invocation()
        var checksOnly = false
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--help", "-h":
                self = .print(helpText)
                return
            case "--version":
                self = .print("reprieved \(productVersion)\n")
                return
            case "--example-config":
                self = .print(exampleConfiguration)
                return
            case "--check-config": checksOnly = true
            default: try invocation.take(argument, &rest)
            }
        }
        self = checksOnly ? .check(invocation) : .run(invocation)
    }
}

/// Why a command line is wrong usage.
struct UsageError: Error {
    var message: String
}
