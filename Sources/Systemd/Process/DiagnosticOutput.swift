// SPDX-License-Identifier: Apache-2.0

import CProcess
import Glibc
import ReprieveTypes
import Synchronization

/// An output for messages about the work: a write does not wait for a reader longer than
/// `patience`, in milliseconds, and only once until the reader is back. What is not taken by then
/// is dropped, and the number of dropped messages is written with the next one.
package final class DiagnosticOutput: Sendable {
    private struct State {
        /// The end of a message whose beginning is written.
        var rest: ArraySlice<UInt8> = []
        var dropped = 0
        var isStalled = false
    }

    private let descriptor: Int32
    private let program: String
    private let patience: Int32
    private let state = Mutex(State())

    package init(_ descriptor: Int32, program: String, patience: Int32) {
        self.descriptor = descriptor
        self.program = program
        self.patience = patience
    }

    /// A path in the text is written with its own bytes.
    package func write(_ text: String) { write(text.rawBytes) }

    package func write(_ bytes: [UInt8]) {
        state.withLock { state in
            guard flush(&state) else {
                state.dropped += 1
                return
            }
            state.rest = state.dropped == 0 ? bytes[...] : notice(state.dropped) + bytes[...]
            // A message of which nothing is written is dropped as a whole.
            let length = state.rest.count
            if !flush(&state), state.rest.count == length {
                state.rest = []
                state.dropped += 1
            } else {
                state.dropped = 0
            }
        }
    }

    private func notice(_ dropped: Int) -> [UInt8] {
        Array("\(program): dropped \(dropped) messages\n".utf8)
    }

    /// Writes what was begun. Returns whether nothing is left.
    private func flush(_ state: inout State) -> Bool {
        while !state.rest.isEmpty {
            let count = state.rest.withUnsafeBytes {
                process_write_now(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                guard !state.isStalled, process_await_writing(descriptor, patience) != 0 else {
                    state.isStalled = true
                    return false
                }
                continue
            }
            guard count > 0 else {
                // There is no reader, which would miss the end of a message.
                state.rest = []
                return false
            }
            state.isStalled = false
            state.rest = state.rest.dropFirst(count)
        }
        return true
    }
}
