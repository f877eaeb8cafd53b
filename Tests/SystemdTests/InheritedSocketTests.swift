// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Systemd

@Suite("An inherited socket") struct InheritedSocketTests {
    let folder: Folder
    let path: String

    init() throws {
        folder = try Folder()
        path = folder / "control"
    }

    @Test func `listens where it was bound, without blocking`() throws {
        let descriptor = try bindUnix(path)
        listen(descriptor, 1)
        let socket = try ListenSocket(inheriting: inherited(descriptor))
        #expect(socket.path == path)
        #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0)
        #expect(throws: Never.self) { _ = try Client(path) }
    }

    @Test func `leaves its file to whom it belongs`() throws {
        let descriptor = try bindUnix(path)
        listen(descriptor, 1)
        do { _ = try ListenSocket(inheriting: inherited(descriptor)) }
        #expect(folder.contents == ["control"])
        #expect(throws: SystemError.self) { _ = try Client(path) }
    }

    @Test func `is refused unless it listens`() throws {
        let descriptor = try bindUnix(path)
        let error = #expect(throws: SystemError.self) {
            _ = try ListenSocket(inheriting: inherited(descriptor))
        }
        let reason = "it is not a listening Unix stream socket"
        #expect(error?.message == "cannot use an inherited socket: \(reason)")
    }

    @Test func `is not there without a service manager`() throws {
        #expect(try InheritedDescriptor.takeAll().isEmpty)
    }

    private func inherited(_ descriptor: Int32) -> InheritedDescriptor {
        InheritedDescriptor(name: "control", number: descriptor)
    }
}
