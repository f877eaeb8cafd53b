// SPDX-License-Identifier: Apache-2.0

import StrictJSON
import Testing

@testable import Deployments

/// A catalogue of releases, each with its dependencies, in the file's own form.
func catalogue(_ text: String) throws -> Catalogue {
    var catalogue = Catalogue()
    try catalogue.add(decoding: Array(text.utf8))
    return catalogue
}

/// A catalogue out of `NAME VERSION: NAME RANGE, NAME RANGE`, one release a line.
func releases(_ lines: String...) throws -> Catalogue {
    var catalogue = Catalogue()
    for line in lines {
        let halves = line.split(separator: ":", maxSplits: 1)
        let words = halves[0].split(separator: " ").map(String.init)
        var release = ComponentRelease(try #require(SemanticVersion(words[1])))
        release.kind = isNucleusName(words[0]) ? .nucleus : .generic
        for flag in words.dropFirst(2) {
            if flag == "bootstrap" { release.hasBootstrap = true }
            if let kind = ComponentRelease.Kind(rawValue: flag) { release.kind = kind }
        }
        for part in (halves.count > 1 ? halves[1] : "").split(separator: ",") {
            let words = part.split(separator: " ", maxSplits: 1).map(String.init)
            let isSoft = words[1].hasSuffix(" SOFT")
            let range = isSoft ? String(words[1].dropLast(5)) : words[1]
            release.dependencies.append(
                .init(name: words[0], range: try #require(VersionRange(range)), isHard: !isSoft)
            )
        }
        try catalogue.insert(release, of: words[0])
    }
    return catalogue
}

func deployment(_ roots: KeyValuePairs<String, String>) -> Deployment {
    var deployment = Deployment()
    deployment.id = "d-1"
    deployment.roots = roots.map { .init(name: $0, requirement: $1) }
    return deployment
}

func device(
    _ components: [String: String],
    groups: [String: [String: String]]? = nil,
    group: String? = nil
) throws -> InstalledComponents {
    var device = InstalledComponents()
    device.components = try components.mapValues { try #require(SemanticVersion($0)) }
    (device.groups, device.group) = (groups, group)
    return device
}

extension DevicePlan {
    /// The version that a component has then: nil if it is removed.
    func after(_ name: String) -> String? {
        components.first { $0.component == name }?.after?.text
    }

    func because(_ name: String) -> String? {
        components.first { $0.component == name }?.because
    }
}

let nucleus = "aws.greengrass.Nucleus"
