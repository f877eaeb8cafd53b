// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import Testing

/// As Python's `uuid` makes them.
@Suite("An update's name") struct UpdateNameTests {
    @Test(arguments: [
        ("stop-nucleus", "b6dc57dd-4aee-5a9c-8790-f98103066b39"),
        ("mender", "baf32313-a0bd-5c76-9e4d-a419b3175604"),
        ("kühl", "67972336-9dc3-5136-804f-4ad8745bd78d"),
        ("", "ed9f73ae-85bd-5d8b-8352-6e893dbf962d"),
        (String(repeating: "x", count: 100), "5c63891e-acbd-521b-9621-abaaea6bc2ba"),
    ])
    func `has an id that is a UUID, always the same`(name: String, id: String) {
        #expect(deploymentID(named: name) == id)
    }

    @Test func `that is not given is a UUID that no other update has`() {
        let (one, other) = (newDeploymentID(), newDeploymentID())
        let parts = one.split(separator: "-").map(\.count)
        #expect(parts == [8, 4, 4, 4, 12])
        #expect(Array(one)[14] == "4")
        #expect(one != other)
    }
}
