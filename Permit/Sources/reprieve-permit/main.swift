// SPDX-License-Identifier: Apache-2.0

internal import CCurl
internal import Glibc

curl_global_init(Int(CURL_GLOBAL_DEFAULT))
// A `release` of an earlier version sends it to any command that holds the lock.
signal(SIGUSR1, SIG_IGN)
switch Arguments(CommandLine.arguments.dropFirst()) {
case .help: print(Arguments.helpText)
case .wrong(let reason):
    Log.write("reprieve-permit: \(reason)\n\n\(Arguments.helpText)")
    exit(ExitStatus.usage)
case .id(let options): printID(options)
case .check(let options): check(options)
case .status(let options): showStatus(options)
case .release(let options): release(options)
case .run(let options): await run(options)
}
