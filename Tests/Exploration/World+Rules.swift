// SPDX-License-Identifier: Apache-2.0

import Negotiation

// What the operator settled for components by their names.

extension World {
    static let rules = [
        World(
            name: "the operator forbids deferrals",
            roles: [
                Role(name: "a", subscribes: 1, hangUps: 1, acknowledges: 1),
                Role(name: "b", acknowledges: 1),
            ],
            rules: [ComponentRule("a", maxDefer: 0), ComponentRule("*", maxDefer: 2)],
            deferrals: [3],
            horizon: 3
        ),
        World(
            name: "the operator requires a component, and caps its budget",
            roles: [
                Role(name: "a", present: 0, subscribes: 2, hangUps: 1, acknowledges: 1),
                Role(name: "b", acknowledges: 1, defers: 0),
            ],
            rules: [ComponentRule("a", budget: 3, isRequired: true)],
            leaves: 1,
            horizon: 4
        ),
        World(
            name: "a unit's components share a budget",
            roles: [
                Role(name: "unit/a", acknowledges: 1),
                Role(name: "unit/b", present: 0, subscribes: 1, acknowledges: 0),
                Role(name: "c", acknowledges: 0),
            ],
            policies: [.small(budget: 3)],
            deferrals: [3],
            horizon: 4
        ),
        World(
            name: "a required component arrives in its unit after a suspend",
            roles: [
                Role(name: "unit/a", present: 0, subscribes: 1, acknowledges: 1),
                Role(name: "b", acknowledges: 0),
            ],
            policies: [.small(budget: 2, require: ["a"], onAbsence: .proceed)],
            patterns: ["unit/*"],
            sleeps: 1,
            horizon: 4
        ),
    ]
}
