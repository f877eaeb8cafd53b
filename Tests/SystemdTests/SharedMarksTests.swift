// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Systemd

@Suite("Marks that outlive a process") struct SharedMarksTests {
    @Test func `are not set at first`() throws {
        let marks = try SharedMarks()
        #expect((0..<SharedMarks.count).allSatisfy { !marks[$0] })
    }

    @Test func `are found by whoever inherits their descriptor`() throws {
        let marks = try SharedMarks()
        for slot in [0, 7, SharedMarks.count - 1] { marks[slot] = true }
        marks[7] = false
        let inherited = InheritedDescriptor(name: "marks", number: dup(marks.descriptor))
        let found = try SharedMarks(inheriting: inherited)
        #expect((0..<SharedMarks.count).filter { found[$0] } == [0, SharedMarks.count - 1])
    }

    @Test func `are refused in memory of another size`() throws {
        let marks = try SharedMarks()
        ftruncate(marks.descriptor, 1)
        let inherited = InheritedDescriptor(name: "marks", number: dup(marks.descriptor))
        #expect(throws: SystemError.self) { try SharedMarks(inheriting: inherited) }
        ftruncate(marks.descriptor, off_t(SharedMarks.count))
    }
}
