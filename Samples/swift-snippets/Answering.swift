// SPDX-License-Identifier: Apache-2.0

import Reprieve

/// Stands for the hardware.
protocol Camera: Sendable {
    var isRecording: Bool { get async }
    func pause() async
    func resume() async
}

func takePart(_ camera: any Camera, _ flash: any Flash, _ image: [UInt8]) async throws {
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
}

func pauseEarly(_ camera: any Camera, _ updates: Updates) async throws {
    try await updates.answer { notice in
        guard await !camera.isRecording else {
            return .defer(for: .seconds(30), because: "recording")
        }
        await camera.pause()
        return .acknowledge { outcome in await camera.resume() }
    }
}
