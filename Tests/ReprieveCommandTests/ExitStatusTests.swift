// SPDX-License-Identifier: Apache-2.0

import Glibc
import ReprieveCoordinator
import Systemd
import Testing

@testable import reprieve_cli

@Suite("An exit code") struct ExitStatusTests {
    private static let codes: [(GateError.Code, Int32)] = [
        (.invalid, 64), (.conflict, 65), (.unknownUpdate, 66), (.unknownComponent, 66),
        (.noBroker, 69), (.notABroker, 69), (.noAnswer, 69), (.connectionLost, 69),
        (.unreported, 69), (.refused, 75), (.rejected, 75),
        (.cancelled, 76), (.notPermitted, 77), (.denied, 77),
    ]

    @Test(arguments: codes)
    func `belongs to each error of a gate`(code: GateError.Code, expected: Int32) {
        #expect(ExitStatus(code).rawValue == expected)
    }

    @Test(arguments: [(EACCES, 77), (EPERM, 77), (EROFS, 77), (ENOSPC, 74)] as [(Int32, Int32)])
    func `belongs to each error of a file`(errno: Int32, code: Int32) {
        #expect(Failure(SystemError("open", path: "/x", errno: errno)).exitCode == code)
    }

    @Test func `has one row in the help, from which the manual page is made`() {
        let rows = ExitStatus.table.split(separator: "; ")
        let codes = rows.map { $0.prefix { $0 != " " } }
        #expect(codes == ExitStatus.allCases.map { Substring(String($0.rawValue)) })
    }
}
