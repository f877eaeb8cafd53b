// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// One end of a Unix stream connection. It never blocks, and is closed with this value.
package struct StreamSocket: ~Copyable {
    private let owned: Descriptor

    /// For system calls that this module does not make.
    package var descriptor: Int32 { owned.number }

    /// Takes over a connected socket that does not block.
    package init(owning descriptor: Int32) {
        owned = Descriptor(owning: descriptor)
    }

    /// Connects to the socket at `path`.
    package init(connectingTo path: String) throws(SystemError) {
        let address = try UnixAddress(path)
        let owned = Descriptor(owning: try check(reprieve_unix_socket(), "make a socket"))
        try check(address.connect(owned.number), "connect to", path: path)
        self.owned = owned
    }

    /// Ends the connection, also where another process has a descriptor of it.
    package func shutDown() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    package enum ReadOutcome: Equatable, Sendable {
        /// So many bytes are at the beginning of the buffer.
        case bytes(Int)
        /// There is nothing to read yet.
        case wouldBlock
        /// The peer has hung up, and there is nothing left to read.
        case ended
        /// The connection is broken, with this errno.
        case failed(Int32)
    }

    /// Reads at most as many bytes as `buffer` has. All peers can share one buffer.
    package func read(into buffer: inout [UInt8]) -> ReadOutcome {
        while true {
            let count = buffer.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress, $0.count, 0)
            }
            if count > 0 { return .bytes(count) }
            if count == 0 { return .ended }
            if errno == EAGAIN { return .wouldBlock }
            if errno != EINTR { return .failed(errno) }
        }
    }

    package enum WriteOutcome: Equatable, Sendable {
        /// So many bytes were taken: at least one, perhaps not all.
        case bytes(Int)
        /// The peer must read first.
        case wouldBlock
        /// The connection is broken, with this errno.
        case failed(Int32)
    }

    /// Writes as many of `bytes` as the socket takes now.
    package func write(_ bytes: Span<UInt8>) -> WriteOutcome {
        while true {
            let count = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 { return .bytes(count) }
            if errno == EAGAIN { return .wouldBlock }
            if errno != EINTR { return .failed(errno) }
        }
    }
}
