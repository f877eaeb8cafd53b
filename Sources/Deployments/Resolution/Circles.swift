// SPDX-License-Identifier: Apache-2.0

/// The releases of each component, the highest version first.
typealias SortedReleases = [String: [ComponentRelease]]

extension SortedReleases {
    /// The roots and all that any of their versions may need, each before what it depends on. In
    /// circles the order is arbitrary.
    func orderedByDependants(from roots: [String]) -> [String] {
        var order: [String] = []
        var seen: Set<String> = []
        for root in roots where seen.insert(root).inserted {
            var path = [(name: root, rest: dependencies(root)[...])]
            while let name = path[path.count - 1].rest.popFirst() {
                if seen.insert(name).inserted {
                    path.append((name, dependencies(name)[...]))
                }
                while let last = path.last, last.rest.isEmpty, path.count > 1 {
                    order.append(last.name)
                    path.removeLast()
                }
            }
            order.append(root)
        }
        return order.reversed()
    }

    private func dependencies(_ name: String) -> [String] {
        var (names, seen) = ([String](), Set<String>())
        for release in self[name] ?? [] {
            for dependency in release.dependencies where seen.insert(dependency.name).inserted {
                names.append(dependency.name)
            }
        }
        return names
    }
}

extension Resolver {
    /// Components that depend on each other in a circle; nil if none do.
    func circle(from roots: [String]) -> [String]? {
        var done: Set<String> = []
        for root in roots {
            var path: [String] = []
            var rest: [ArraySlice<String>] = [[root]]
            var open: Set<String> = []
            while let last = rest.indices.last {
                guard let name = rest[last].popFirst() else {
                    rest.removeLast()
                    if let name = path.popLast() {
                        open.remove(name)
                        done.insert(name)
                    }
                    continue
                }
                if open.contains(name), let start = path.firstIndex(of: name) {
                    return Array(path[start...])
                }
                guard !done.contains(name) else { continue }
                path.append(name)
                open.insert(name)
                rest.append((chosen[name]?.dependencies ?? []).map(\.name)[...])
            }
        }
        return nil
    }
}

extension Refusal {
    init(circle: [String]) {
        let shown = circle.prefix(4) + (circle.count > 4 ? ["..."] : [])
        let path = (shown + [circle[0]]).joined(separator: " -> ")
        self.init(circle[0], "components depend on each other in a circle: \(path)")
    }
}
