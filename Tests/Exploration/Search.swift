// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// What was found in one world.
struct Finding: Sendable {
    var world: String
    var states = 0
    var transitions = 0
    /// There are more states than were to be visited.
    var isPart = false
    var time: Duration = .zero
    /// The shortest history that breaks a promise, as text to be pasted into a test.
    var failure: String?
}

/// Visits the states of a small world, nearest first, until nothing new is reached or there are as
/// many as wanted. A state is known by 64 bits of its hash.
struct Search {
    private let world: World
    private let limit: Int
    private var known: Set<Int> = []
    /// How each state was reached first: from which one, by which move.
    private var origins: [(state: Int, move: Move)] = []
    private var finding: Finding

    init(_ world: World, limit: Int) {
        self.world = world
        self.limit = limit
        finding = Finding(world: world.name)
    }

    mutating func run() -> Finding {
        let clock = ContinuousClock()
        finding.time = clock.measure { explore() }
        finding.states = known.count
        return finding
    }

    private mutating func explore() {
        var first = Scene(world)
        for move in Scene.opening(of: world) { _ = first.make(move, in: world) }
        var frontier = [(scene: first, state: 0)]
        known.insert(first.key)
        origins.append((-1, .tick))
        while !frontier.isEmpty, finding.failure == nil {
            var next: [(scene: Scene, state: Int)] = []
            for (scene, state) in frontier {
                for move in scene.moves(in: world) {
                    visit(scene, state, move, &next)
                    finding.isPart = known.count >= limit
                    if finding.failure != nil || finding.isPart { return }
                }
            }
            frontier = next
        }
    }

    private mutating func visit(
        _ scene: Scene,
        _ state: Int,
        _ move: Move,
        _ next: inout [(scene: Scene, state: Int)]
    ) {
        var scene = scene
        finding.transitions += 1
        var objections = scene.make(move, in: world).map { $0.1 } ?? []
        let isNew = known.insert(scene.key).inserted
        if isNew { objections += scene.objections(in: world) }
        if !objections.isEmpty { finding.failure = history(to: state, move, objections) }
        guard isNew else { return }
        origins.append((state, move))
        next.append((scene, origins.count - 1))
    }

    private func history(to state: Int, _ last: Move, _ objections: [String]) -> String {
        var moves = [last]
        var state = state
        while state > 0 {
            moves.append(origins[state].move)
            state = origins[state].state
        }
        moves = Scene.opening(of: world) + moves.reversed()
        var scene = Scene(world)
        var lines = ["var negotiation = Negotiation(settings: settings)"]
        for move in moves {
            guard let (event, _) = scene.make(move, in: world) else { continue }
            let at = "Instant(sinceBoot: .seconds(\(scene.now.sinceBoot.components.seconds)))"
            lines.append("_ = negotiation.handle(\(event.spelled), at: \(at))")
        }
        return (lines + objections.map { "// \($0)" }).joined(separator: "\n")
    }
}
