// SPDX-License-Identifier: Apache-2.0

import Negotiation

// Components without whose yes no update goes ahead.

extension World {
    private static let veto = [ComponentRule("v", maxDefer: 1, budget: 1, isVeto: true)]

    static let vetoes = [
        World(
            name: "a veto comes and goes",
            roles: [
                Role(
                    name: "v",
                    confirm: [true],
                    present: 0,
                    subscribes: 2,
                    hangUps: 1,
                    acknowledges: 2,
                    defers: 1
                ),
                Role(name: "b", acknowledges: 1, defers: 0),
            ],
            policies: [.small(response: 1, deadline: 4)],
            rules: veto,
            forces: 1,
            deferrals: [3],
            horizon: 3
        ),
        World(
            name: "a veto is asked before a component that acts",
            roles: [
                Role(name: "v", confirm: [true], acknowledges: 3, defers: 1),
                Role(name: "b", confirm: [true], acknowledges: 2, defers: 0),
            ],
            policies: [.small(response: 1, deadline: 4)],
            rules: veto,
            deferrals: [1],
            horizon: 4
        ),
        World(
            name: "two vetoes are silent in turn",
            roles: [
                Role(name: "v", confirm: [true], acknowledges: 2, defers: 0),
                Role(name: "w", confirm: [true], acknowledges: 2, defers: 1),
            ],
            policies: [.small(response: 1, deadline: 5)],
            rules: veto + [ComponentRule("w", isVeto: true)],
            deferrals: [1],
            horizon: 6
        ),
        World(
            name: "a veto hangs up in the final asking, and returns",
            roles: [
                Role(
                    name: "v",
                    confirm: [true],
                    subscribes: 1,
                    hangUps: 1,
                    acknowledges: 2,
                    defers: 0
                ),
                Role(name: "w", confirm: [true], acknowledges: 2, defers: 0),
            ],
            policies: [.small(response: 1, deadline: 5)],
            rules: veto + [ComponentRule("w", isVeto: true)],
            horizon: 3
        ),
        World(
            name: "a veto has two processes",
            roles: [
                Role(
                    name: "v",
                    confirm: [true, false],
                    processes: [1, 2],
                    present: 2,
                    hangUps: 1,
                    acknowledges: 4,
                    defers: 0
                ),
                Role(name: "w", confirm: [true], acknowledges: 2, defers: 0),
            ],
            policies: [.small(response: 1, deadline: 5)],
            rules: veto + [ComponentRule("w", isVeto: true)],
            horizon: 3
        ),
        World(
            name: "a veto had agreed, and the broker dies",
            roles: [
                Role(name: "v", subscribes: 1, acknowledges: 2, defers: 1),
                Role(name: "b", subscribes: 1, acknowledges: 1, defers: 0),
            ],
            policies: [.small(response: 1, deadline: 4)],
            rules: veto,
            announces: [2],
            restarts: 1,
            horizon: 3
        ),
        World(
            name: "deferrals refuse at a deadline, also while no coordinator is there",
            roles: [
                Role(name: "a", acknowledges: 1, defers: 1),
                Role(name: "b", acknowledges: 1, defers: 0),
            ],
            policies: [.small(response: 1, deadline: 3, onDeadline: .refuse)],
            announces: [2],
            leaves: 1,
            sleeps: 1,
            horizon: 5
        ),
        World(
            name: "an update waits while another one waits for a veto",
            roles: [
                Role(name: "v", confirm: [true], acknowledges: 3, defers: 1),
                Role(name: "b", acknowledges: 0, defers: 0),
            ],
            policies: [.small(response: 1), .small(response: 1, deadline: 4)],
            rules: veto,
            announces: [1, 1],
            completes: 1,
            deferrals: [1],
            horizon: 3
        ),
    ]
}
