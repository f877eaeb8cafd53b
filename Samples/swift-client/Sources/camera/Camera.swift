// SPDX-License-Identifier: Apache-2.0

let camera = Camera()

/// Stands for the hardware.
actor Camera {
    var isRecording = false

    func pause() {}

    func resume() {}
}
