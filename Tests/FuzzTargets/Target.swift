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
    /// What many peers do to a broker, and what it costs.
    case crowds
    /// What any reader makes of a long text, and what that costs.
    case texts
    /// A deployment, and components whose versions require each other.
    case plans

    /// `crowd` is how many peers enter together at first; four times as many do later.
    package func run(_ input: [UInt8], crowd: Int = 400) {
        switch self {
        case .frames: readFrames(input)
        case .payloads: readPayload(input)
        case .peers: playPeers(input)
        case .files: recall(input)
        case .crowds: playCrowds(input, size: crowd)
        case .texts: readText(input)
        case .plans: playPlans(input)
        }
    }

    /// Inputs to begin with.
    package var seeds: [[UInt8]] {
        switch self {
        case .crowds: crowdSeeds.map { $0.flatMap(\.encoded) }
        case .texts: textSeeds.map { reader, text in [reader.encoded] + text.encoded }
        case .frames, .payloads, .peers, .files, .plans: []
        }
    }
}
