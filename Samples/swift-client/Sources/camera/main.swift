// SPDX-License-Identifier: Apache-2.0

import Reprieve

let updates = Updates(component: "com.example.Camera")
async let _: Void = updates.run()

// An update waits while this runs.
try await updates.deferring("writing firmware to flash") {
    try await flash.write(image)
}

// Or: answer each notice with what the closure returns.
try await updates.answer { notice in
    guard await !camera.isRecording else {
        return .defer(for: .seconds(30), because: "recording")
    }
    return .acknowledge(
        whenFinal: { await camera.pause() },
        then: { outcome in await camera.resume() }
    )
}
