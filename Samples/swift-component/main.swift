// SPDX-License-Identifier: Apache-2.0

import Glibc
import Reprieve

// sample-component NAME [SECONDS]: a camera that records for some seconds, and must not be
// interrupted meanwhile. The variable AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT has the
// path of the broker's socket, as for Greengrass components; the default is reprieved's.

let arguments = CommandLine.arguments
let name = arguments.count > 1 ? arguments[1] : "com.example.Camera"
let seconds = arguments.count > 2 ? Int(arguments[2]) ?? 0 : 0

/// Stands for the hardware.
actor Camera {
    private let end: ContinuousClock.Instant

    init(recordsFor time: Duration) { end = .now + time }

    var recordingTimeLeft: Duration { max(.zero, end - .now) }

    func pause() { say("all others are ready: I pause") }

    func resume() { say("I go on") }
}

func say(_ text: String) {
    print("[\(name)] \(text)")
    fflush(nil)  // a pipe would keep the line back
}

let camera = Camera(recordsFor: .seconds(seconds))

try await withUpdates(component: name) { updates in
    // What the closure returns is the answer.
    try await updates.answer { notice in
        let left = await camera.recordingTimeLeft
        if left > .zero, !notice.isLastCall {
            say("an update wants to start: not now, I am recording")
            return .defer(for: left, because: "recording")
        }
        if !notice.isFinal { say("an update wants to start: I could stop at any time") }
        // The first closure runs when all others are ready, the second when the update is over.
        return .acknowledge(whenFinal: { await camera.pause() }) { outcome in
            if outcome == .postponed {
                say("the update has to wait for another component")
            } else {
                say("the update is over (\(outcome.rawValue))")
            }
            await camera.resume()
        }
    }
}
