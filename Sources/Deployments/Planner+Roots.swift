// SPDX-License-Identifier: Apache-2.0

internal import StrictJSON

extension Planner {
    /// What the deployment names, and what the other groups of the device do.
    func roots() throws(Refusal) -> [(name: String, requirement: Requirement)] {
        var roots: [(name: String, requirement: Requirement)] = []
        for root in deployment.roots {
            guard let range = root.range else {
                let text = "the deployment names \(root.name) \(root.requirement.quoted)"
                throw Refusal(root.name, text + ", which is no version")
            }
            guard !range.hasTagUnknownToNucleus else { throw Refusal(tagOf: root) }
            roots.append((root.name, Requirement(origin: .deployment, range: range)))
        }
        for (group, names) in (device?.groups ?? [:]).sorted(by: { $0.key < $1.key })
        where !isOwn(group) {
            for (name, text) in names.sorted(by: { $0.key < $1.key }) {
                guard let range = VersionRange(text) else { continue }
                roots.append((name, Requirement(origin: .group(group), range: range)))
            }
        }
        return roots
    }

    /// The group that the deployment is for.
    private var ownGroup: String? { device?.group ?? deployment.group }

    private func isOwn(_ group: String) -> Bool { ownGroup?.groupName == group.groupName }

    /// Without its own group, all that the deployment no longer names seems to be of another.
    var warningsOfGroups: [String] {
        guard let groups = device?.groups, !groups.isEmpty, !deployment.isLocal,
            !groups.keys.contains(where: isOwn)
        else { return [] }
        let fault =
            ownGroup.map { "the groups of the device do not have that of the deployment, \($0)" }
            ?? "the document does not say which group of the device it is for"
        return [fault + ": what that group no longer names is taken for another group's"]
    }

    /// Ranges in force that another reader takes for other ones.
    func warningsOfRanges(_ resolver: Resolver) -> [String] {
        var warnings: [String] = []
        for name in resolver.chosen.keys.sorted() {
            let required = resolver.requirements(of: name)
            for one in required {
                guard let unknown = one.range.unknownToLite else { continue }
                warnings.append(
                    "Greengrass Lite cannot read \(unknown) in the range of \(name): \(one.text)"
                )
            }
            if required.count > 1,
                let one = required.first(where: { $0.range.alternatives.count > 1 })
            {
                warnings.append(
                    "a nucleus that is offline misreads || where several ranges meet, as in that of"
                        + " \(name): \(one.text)"
                )
            }
        }
        return warnings
    }
}

extension String {
    /// An ARN has `thinggroup/` before the name of a group, and a console shows the name alone.
    fileprivate var groupName: Substring {
        hasPrefix("thinggroup/") ? dropFirst("thinggroup/".count) : self[...]
    }
}

extension Refusal {
    fileprivate init(tagOf root: Deployment.Root) {
        self.init(
            root.name,
            "a nucleus takes the hyphen in \(root.name) \(root.requirement) for that of a range",
            suggestion: "begin the tag of a pre-release with a letter, and use no hyphen in it"
        )
    }
}
