// SPDX-License-Identifier: Apache-2.0

import Glibc
import Reprieve

// sample-component NAME [SECONDS]: a camera that records for some seconds and does not want to be
// interrupted meanwhile. It finds the broker where Greengrass components do, in the variable
// AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT, else where reprieved is by default.

let arguments = CommandLine.arguments
let name = arguments.count > 1 ? arguments[1] : "com.example.Camera"
let seconds = arguments.count > 2 ? Int(arguments[2]) ?? 0 : 0
let recordingEnds = ContinuousClock.now + .seconds(seconds)

func say(_ text: String) {
    print("[\(name)] \(text)")
    fflush(nil)  // a pipe would keep the line back
}

try await withUpdates(component: name) { updates in
    try await updates.answer { notice in
        let left = recordingEnds - .now
        if left > .zero, !notice.isLastCall {
            let rest = left.components.seconds + 1
            say("an update wants to start: not now, I am recording for \(rest) s more")
            return .defer(for: left, because: "recording")
        }
        guard notice.isFinal || notice.isLastCall else {
            say("an update wants to start: I could stop at any time")
            return .acknowledge
        }
        say(notice.isFinal ? "everyone else is ready: I pause" : "my time is up: I pause")
        return .acknowledge { outcome in
            switch outcome {
            case .postponed: say("the update has to wait for somebody else: I go on")
            default: say("the update is over (\(outcome.rawValue)): I go on")
            }
        }
    }
}
