// SPDX-License-Identifier: Apache-2.0

import Reprieve

/// Stands for the hardware.
protocol Camera: Sendable {
    var isRecording: Bool { get async }
    func pause() async
    func resume() async
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
