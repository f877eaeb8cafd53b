// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Visits every interleaving of every event in a list of small worlds, and checks after each step
/// what must hold. Prints what it visited; on failure the shortest history, and exits with 1.
///
///     explore-negotiation [--states=N] [WORD]
///
/// With WORD only worlds with that in their name; with N only the N nearest states of each.
@main struct Explore {
    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        let option = "--states="
        let words = arguments.filter { !$0.hasPrefix(option) }
        let counts = arguments.filter { $0.hasPrefix(option) }.map { $0.dropFirst(option.count) }
        guard let limit = counts.last.map({ Int($0) }) ?? .max,
            !words.contains(where: { $0.hasPrefix("-") })
        else { exit(EX_USAGE) }
        let worlds = World.all.filter { world in words.allSatisfy { world.name.contains($0) } }
        let clock = ContinuousClock()
        var findings: [Finding] = []
        let time = await clock.measure { findings = await explore(worlds, limit) }
        Finding.sum(of: findings, in: time).print("\(findings.count) worlds")
        if findings.isEmpty { exit(EX_USAGE) }
    }

    /// Two worlds at a time.
    private static func explore(_ worlds: [World], _ limit: Int) async -> [Finding] {
        await withTaskGroup(of: Finding.self) { group in
            var waiting = worlds[...]
            var findings: [Finding] = []
            for world in waiting.prefix(2) { group.addTask { await run(world, limit) } }
            waiting = waiting.dropFirst(2)
            for await finding in group {
                findings.append(finding)
                finding.print(finding.world)
                if finding.failure != nil { exit(1) }
                if let world = waiting.popFirst() { group.addTask { await run(world, limit) } }
            }
            return findings
        }
    }

    @concurrent private static func run(_ world: World, _ limit: Int) async -> Finding {
        var search = Search(world, limit: limit)
        return search.run()
    }
}

extension Finding {
    static func sum(of findings: [Finding], in time: Duration) -> Finding {
        findings.reduce(into: Finding(world: "", time: time)) { sum, finding in
            sum.states += finding.states
            sum.transitions += finding.transitions
            sum.isPart = sum.isPart || finding.isPart
        }
    }

    func print(_ name: String) {
        let (seconds, attoseconds) = time.components
        let tenths = attoseconds / 100_000_000_000_000_000
        let states = isPart ? "the nearest \(states)" : "\(states)"
        Swift.print("\(states) states, \(transitions) transitions, \(seconds).\(tenths) s: \(name)")
        if let failure { Swift.print("\n\(failure)\n") }
        fflush(nil)
    }
}
