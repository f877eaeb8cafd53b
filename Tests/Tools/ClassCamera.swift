// SPDX-License-Identifier: Apache-2.0

import Synchronization

let camera = Camera()

/// The camera of Samples/swift-client as a class.
final class Camera: Sendable {
    private let recording = Mutex(false)

    var isRecording: Bool { recording.withLock { $0 } }

    func pause() {}

    func resume() {}
}
