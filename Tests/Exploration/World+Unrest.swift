// SPDX-License-Identifier: Apache-2.0

import Negotiation

// Components that take their word back in each final asking.

extension World {
    static let unrest = [
        World(
            name: "one breaks every final asking",
            roles: [
                Role(name: "a", confirm: [true], acknowledges: 3, defers: 0),
                Role(name: "b", acknowledges: 3, defers: 3),
            ],
            policies: [.small(response: 2, budget: 3)],
            deferrals: [1],
            horizon: 3
        ),
        World(
            name: "two break final askings in turn, one of which acts on them",
            roles: [
                Role(name: "a", confirm: [true], acknowledges: 3, defers: 0),
                Role(name: "b", acknowledges: 2, defers: 1),
                Role(name: "c", confirm: [true], acknowledges: 2, defers: 1),
            ],
            policies: [.small(response: 1)],
            deferrals: [1],
            finalAskings: 2,
            horizon: 2
        ),
        World(
            name: "one breaks final askings, hangs up and returns",
            roles: [
                Role(name: "a", confirm: [true], acknowledges: 3, defers: 0),
                Role(name: "b", subscribes: 1, hangUps: 1, acknowledges: 2, defers: 2),
            ],
            policies: [.small(response: 2)],
            deferrals: [1],
            finalAskings: 2,
            horizon: 2
        ),
        World(
            name: "one breaks final askings, and the broker dies",
            roles: [
                Role(name: "a", confirm: [true], subscribes: 1, acknowledges: 2, defers: 0),
                Role(name: "b", subscribes: 1, acknowledges: 2, defers: 2),
            ],
            policies: [.small(response: 2)],
            announces: [2],
            restarts: 1,
            deferrals: [1],
            finalAskings: 2,
            horizon: 1
        ),
        World(
            name: "a plain acknowledgement grows old in the last final asking",
            roles: [
                Role(name: "a", confirm: [true], acknowledges: 2, defers: 0),
                Role(name: "b", acknowledges: 2, defers: 1),
                Role(name: "c", acknowledges: 2, defers: 0),
            ],
            policies: [.small(response: 1)],
            deferrals: [3],
            finalAskings: 1,
            horizon: 3
        ),
    ]
}
