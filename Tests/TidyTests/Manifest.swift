// SPDX-License-Identifier: Apache-2.0

/// The targets of `Package.swift`, as far as they matter here.
struct Manifest {
    struct Target: Hashable {
        var name: String
        var folder: String
        var isTest: Bool
        var dependencies: Set<String>

        /// What belongs to the system, and is imported beside the dependencies. The decisions, which
        /// everything else stands on, do without.
        var system: Set<String> {
            if Self.pure.contains(name) { return [] }
            let everywhere: Set = ["Glibc", "Dispatch", "Synchronization"]
            return isTest ? everywhere.union(["Testing"]) : everywhere
        }

        private static let pure: Set = [
            "EventStream", "StrictJSON", "Negotiation", "ReprieveProtocol", "ReprieveBroker",
        ]
    }

    let targets: [Target]

    /// Reads the text of a manifest. Each target begins on a line of its own.
    init(_ text: String) {
        let declarations = text.split(separator: #/\n {8}\.(?=target|executable|test)/#).dropFirst()
        targets = declarations.compactMap { Target(declaration: String($0)) }
    }
}

extension Manifest.Target {
    init?(declaration: String) {
        guard let name = declaration.firstMatch(of: #/name: "([^"]+)"/#)?.1 else { return nil }
        self.name = String(name)
        isTest = declaration.hasPrefix("testTarget")
        let path = declaration.firstMatch(of: #/\bpath: "([^"]+)"/#)?.1
        folder = path.map(String.init) ?? (isTest ? "Tests/" : "Sources/") + name
        let list = declaration.firstMatch(of: #/dependencies: \[([^\]]*)\]/#)?.1 ?? ""
        let names = list.replacing(#/package: "[^"]+"/#, with: "").matches(of: #/"([^"]+)"/#)
        // The module of an executable is spelt as an identifier.
        dependencies = Set(names.map { $0.1.replacing("-", with: "_") })
    }

    /// The rule that holds for this target's files.
    var imports: Rule {
        let folder = folder + "/"
        let allowed = dependencies.union(system)
        return Rule(
            name: "\(name) imports what the manifest says",
            governs: { $0.hasPrefix(folder) && $0.hasSuffix(".swift") }
        ) { lines in
            lines.enumerated().compactMap { index, line in
                guard let module = importedModule(line), !allowed.contains(String(module))
                else { return nil }
                return Complaint(line: index + 1, text: "imports \(module)")
            }
        }
    }
}
