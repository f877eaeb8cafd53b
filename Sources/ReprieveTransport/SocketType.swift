// SPDX-License-Identifier: Apache-2.0

/// Sockets that no child process inherits, and that send no SIGPIPE. On Darwin, these are settings
/// of an open socket; elsewhere they are flags.
enum SocketType {}

#if canImport(Glibc)
    internal import Glibc

    extension SocketType {
        static var stream: Int32 { Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) }
        static var datagram: Int32 { Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) }
        static var sendFlags: Int32 { Int32(MSG_NOSIGNAL) }
        static func finish(_ number: Int32) {}
    }
#elseif canImport(Musl)
    internal import Musl

    extension SocketType {
        static var stream: Int32 { SOCK_STREAM | SOCK_CLOEXEC }
        static var datagram: Int32 { SOCK_DGRAM | SOCK_CLOEXEC }
        static var sendFlags: Int32 { Int32(MSG_NOSIGNAL) }
        static func finish(_ number: Int32) {}
    }
#else
    internal import Darwin

    extension SocketType {
        static var stream: Int32 { SOCK_STREAM }
        static var datagram: Int32 { SOCK_DGRAM }
        static var sendFlags: Int32 { 0 }

        static func finish(_ number: Int32) {
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
            var isOn: Int32 = 1
            setsockopt(
                number,
                SOL_SOCKET,
                SO_NOSIGPIPE,
                &isOn,
                socklen_t(MemoryLayout<Int32>.size)
            )
        }
    }
#endif
