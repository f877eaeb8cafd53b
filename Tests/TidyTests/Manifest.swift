// SPDX-License-Identifier: Apache-2.0

/// The targets of `Package.swift`, as far as they matter here.
struct Manifest {
    struct Target: Hashable {
        var name: String
        var folder: String
        var isTest: Bool
        /// The modules that it stands on, directly or through others.
        var dependencies: Set<String>
    }

    private(set) var targets: [Target]

    /// Reads the text of a manifest, in which targets stand bottom-up, each on lines of its own.
    init(_ text: String) {
        let list = text.split(separator: "\n    targets: [").last ?? ""
        targets = []
        for declaration in list.split(separator: #/\n {8}\.(?=target|executable|test)/#) {
            guard var target = Target(declaration: declaration) else { continue }
            let below = targets.filter { target.dependencies.contains($0.module) }
            for other in below { target.dependencies.formUnion(other.dependencies) }
            targets.append(target)
        }
    }
}

extension Manifest.Target {
    init?(declaration: Substring) {
        guard let name = declaration.firstMatch(of: #/name: "([^"]+)"/#)?.1 else { return nil }
        self.name = String(name)
        isTest = declaration.hasPrefix("testTarget")
        let path = declaration.firstMatch(of: #/\bpath: "([^"]+)"/#)?.1
        folder = path.map(String.init) ?? (isTest ? "Tests/" : "Sources/") + name
        let list = declaration.firstMatch(of: #/dependencies: \[([^\]]*)\]/#)?.1 ?? ""
        let names = list.replacing(#/package: "[^"]+"/#, with: "").matches(of: #/"([^"]+)"/#)
        dependencies = Set(names.map { moduleName($0.1) })
    }

    var module: String { moduleName(name[...]) }

    /// What belongs to the system, and is imported beside the dependencies. The decisions, which
    /// everything else stands on, do without.
    private var system: Set<String> {
        let pure: Set = [
            "ReprieveTypes", "EventStream", "StrictJSON", "Negotiation", "Deployments",
            "ReprieveProtocol", "Tokens", "ReprieveBroker",
        ]
        if pure.contains(name) { return [] }
        let everywhere: Set = ["Glibc", "Musl", "Darwin", "Dispatch", "Synchronization"]
        return isTest ? everywhere.union(["Testing"]) : everywhere
    }

    /// The rule that holds for this target's files.
    var imports: Rule {
        let folder = folder + "/"
        let allowed = dependencies.union(system)
        return Rule(
            name: "\(name) imports what the manifest says",
            governs: { $0.hasPrefix(folder) && $0.hasSuffix(".swift") },
            complaints: { lines in
                lines.enumerated().compactMap { index, line in
                    guard let module = importedModule(line), !allowed.contains(String(module))
                    else { return nil }
                    return Complaint(line: index + 1, text: "imports \(module)")
                }
            }
        )
    }
}

/// A module is spelt as an identifier.
private func moduleName(_ target: Substring) -> String {
    String(target).replacing("-", with: "_")
}
