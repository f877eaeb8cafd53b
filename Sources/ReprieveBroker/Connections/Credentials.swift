// SPDX-License-Identifier: Apache-2.0

/// The process and user at the other end, as the kernel knows them.
package struct Credentials: Hashable, Sendable {
    package var process: Int32
    package var user: UInt32
    package var place: Place

    package init(process: Int32, user: UInt32, place: Place = Place()) {
        self.process = process
        self.user = user
        self.place = place
    }

    /// For history and logs.
    var text: String { "uid \(user), pid \(process)" }
}

/// Where a process runs.
package struct Place: Hashable, Sendable {
    /// The system's unit it belongs to: "camera.service", "session-2.scope". Nil where there is
    /// none.
    package var unit: String?
    /// Within `user@UID.service`, the unit of that user's manager.
    package var userUnit: String?
    /// It belongs to no service, and to another PID namespace than the broker.
    package var isContained: Bool
    /// It ended before it could be looked up.
    package var hasExited: Bool
    /// The look-up failed: the process may run anywhere.
    package var isUnknown: Bool

    package init(
        unit: String? = nil,
        userUnit: String? = nil,
        isContained: Bool = false,
        hasExited: Bool = false,
        isUnknown: Bool = false
    ) {
        self.unit = unit
        self.userUnit = userUnit
        self.isContained = isContained
        self.hasExited = hasExited
        self.isUnknown = isUnknown
    }

    /// The system's service, unless it is a user's manager, in which the user names the units.
    var systemService: String? {
        guard let unit, unit.hasSuffix(".service"), !unit.hasPrefix("user@") else { return nil }
        return unit
    }
}
