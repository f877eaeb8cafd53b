// SPDX-License-Identifier: Apache-2.0

/// What is fed with whatever a fuzzer thinks of. Each traps when a promise is broken.
package enum Target: String, CaseIterable, Sendable {
    /// Bytes that may be frames.
    case frames
    /// Bytes that may be JSON.
    case payloads
    /// What peers do to a broker: come and go, speak nonsense in good frames, stop reading.
    case peers
    /// What a broker finds in its files.
    case files

    package func run(_ input: [UInt8]) {
        switch self {
        case .frames: readFrames(input)
        case .payloads: readPayload(input)
        case .peers: playPeers(input)
        case .files: recall(input)
        }
    }
}
