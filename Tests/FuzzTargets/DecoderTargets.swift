// SPDX-License-Identifier: Apache-2.0

import EventStream
import StrictJSON

/// Cut anywhere, the same bytes are the same frames; and what was read is written as it stood.
func readFrames(_ input: [UInt8]) {
    read(input)
    read(repaired(input))
}

private func read(_ input: [UInt8]) {
    let (whole, error) = frames(in: [input])
    let cut = input.isEmpty ? 0 : Int(input[input.count / 2]) * input.count / 256
    let (pieces, errorInPieces) = frames(in: [Array(input[..<cut]), Array(input[cut...])])
    promise(whole == pieces && error == errorInPieces, "a cut changes the frames")
    let written = whole.prefix(while: \.isWritable).flatMap { $0.encoded() }
    promise(input.starts(with: written), "a frame is not written as it was read")
}

extension Frame {
    /// Only these two kinds of headers are ever written.
    fileprivate var isWritable: Bool {
        headers.allSatisfy { header in
            switch header.value {
            case .int32, .string: true
            default: false
            }
        }
    }
}

private func frames(in pieces: [[UInt8]]) -> ([Frame], FrameError?) {
    var decoder = FrameDecoder()
    var frames: [Frame] = []
    for piece in pieces {
        decoder.append(piece)
        do {
            while let frame = try decoder.next() { frames.append(frame) }
        } catch {
            return (frames, error)
        }
    }
    return (frames, nil)
}

/// What was read means the same when it is written and read again.
func readPayload(_ input: [UInt8]) {
    guard let value = try? JSON(decoding: input) else { return }
    let written = value.encoded()
    // An integer in full is longer than with an exponent: 2500000 than 2.5e6.
    let limits = JSONLimits(maximumBytes: written.count)
    guard let again = try? JSON(decoding: written, limits: limits) else {
        fatalError("what was written cannot be read")
    }
    promise(again == value, "what was written means something else")
    promise(again.encoded() == written, "the same value is written in two ways")
}
