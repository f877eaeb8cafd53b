// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Deployments

@Suite("A refusal") struct RefusalTests {
    private func refused(
        _ roots: KeyValuePairs<String, String>,
        _ available: Catalogue
    ) -> Refusal? {
        let plan = DeploymentPlan(deployment(roots), installed: nil, catalogue: available)
        return plan.newDevice.refused
    }

    @Test func `of a range that nobody satisfies names all who set one`() throws {
        let available = try releases(
            "A 1.0.0: C <2.0.0",
            "A 1.1.0: C >=2.0.0",
            "B 1.0.0: C >2.0.0",
            "C 1.0.0",
            "C 3.0.0"
        )
        let refused = refused(["A": "1.0.0", "B": "1.0.0"], available)
        #expect(refused?.component == "A")
        #expect(
            refused?.reason
                == "no version of C fits: A 1.0.0 requires <2.0.0, B 1.0.0 requires >2.0.0"
        )
        #expect(refused?.suggestion == "A 1.1.0 accepts C 3.0.0")
    }

    @Test func `of a version that does not exist names the nearest`() throws {
        let refused = refused(["A": "3.0.0"], try releases("A 1.0.0", "A 2.0.0"))
        #expect(refused?.reason == "no version of A fits: the deployment names 3.0.0")
        #expect(refused?.suggestion == "the nearest version of A is 2.0.0")
    }

    @Test func `of a component that nobody has names who needs it`() throws {
        let refused = refused(["A": "1.0.0"], try releases("A 1.0.0: B ^1.0.0"))
        #expect(refused?.component == "B")
        #expect(refused?.reason == "no recipe or catalogue has B: A 1.0.0 requires ^1.0.0")
    }

    @Test func `of a circle shows it`() throws {
        let available = try releases("A 1.0.0: B *", "B 1.0.0: C *", "C 1.0.0: A *")
        #expect(
            refused(["A": "1.0.0"], available)?.reason
                == "components depend on each other in a circle: A -> B -> C -> A"
        )
        let own = try releases("A 1.0.0: A *")
        #expect(refused(["A": "1.0.0"], own)?.reason.hasSuffix("A -> A") == true)
    }

    @Test func `of two nuclei names both`() throws {
        let available = try releases("aws.greengrass.Nucleus 2.0.3", "my.Nucleus 1.0.0 nucleus")
        let refused = refused([nucleus: "2.0.3", "my.Nucleus": "1.0.0"], available)
        #expect(
            refused?.reason == "a device has one nucleus, and the deployment needs"
                + " aws.greengrass.Nucleus 2.0.3 and my.Nucleus 1.0.0"
        )
    }

    @Test(arguments: ["abc", "1.2.3.4", "", "1.0.0-not-valid", "1.0.0-1"])
    func `of a version that is none says so`(version: String) throws {
        let refused = refused(["A": version], try releases("A 1.0.0"))
        // An empty range is npm's for any version.
        #expect((refused == nil) == version.isEmpty)
        #expect(refused?.component ?? "A" == "A")
    }

    @Test func `comes in time, however hard the versions are made`() throws {
        // Each version of a component requires another version of the one before, in a circle.
        var available = Catalogue()
        for index in 0..<200 {
            for number in 0..<20 {
                var release = ComponentRelease(SemanticVersion(1, number, 0))
                for step in [1, 7] {
                    let range = try #require(VersionRange("1.\(19 - number).0 || <1.\(number).0"))
                    release.dependencies.append(
                        .init(name: "c\((index + step) % 200)", range: range)
                    )
                }
                try available.insert(release, of: "c\(index)")
            }
        }
        let time = processorTime { _ = refused(["c0": "*", "c100": "*"], available) }
        #expect(time < .seconds(20))
    }

    @Test func `is not needed for ten thousand components in a chain`() throws {
        var available = Catalogue()
        for index in 0..<10_000 {
            var release = ComponentRelease(SemanticVersion(1, 0, 0))
            if index < 9_999 {
                let range = try #require(VersionRange("^1.0.0"))
                release.dependencies = [.init(name: "c\(index + 1)", range: range)]
            }
            try available.insert(release, of: "c\(index)")
        }
        let roots = deployment(["c0": "1.0.0"])
        let plan = DeploymentPlan(roots, installed: nil, catalogue: available)
        #expect(plan.newDevice.refused == nil)
        #expect(plan.newDevice.components.count == 10_000)
    }
}
