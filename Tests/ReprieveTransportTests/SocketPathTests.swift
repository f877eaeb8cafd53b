// SPDX-License-Identifier: Apache-2.0

import ReprieveTransport
import Testing

@Suite("The default path of a socket") struct SocketPathTests {
    @Test func `is in the runtime directory of an ordinary user`() {
        let user = SocketPath.path("a", isRoot: false, runtimeDirectory: "/run/user/7")
        #expect(user == "/run/user/7/reprieve/a")
        let root = SocketPath.path("a", isRoot: true, runtimeDirectory: "/run/user/0")
        #expect(root == "/run/reprieve/a")
        let bare = SocketPath.path("a", isRoot: false, runtimeDirectory: nil)
        #expect(bare == "/run/reprieve/a")
    }
}
