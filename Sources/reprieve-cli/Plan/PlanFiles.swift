// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Deployments
internal import StrictJSON
internal import Systemd

/// What a plan is made from, beside the deployment.
struct PlanFiles: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What is on the device: JSON as in reprieve(1), or what"
                + " `greengrass-cli component list` prints.",
            valueName: "file"
        ),
        completion: .file()
    )
    var installed: String?

    @Option(
        help: ArgumentHelp(
            "What the groups of the device name, {GROUP: {NAME: RANGE}}, instead of the \"groups\""
                + " of --installed.",
            valueName: "file"
        ),
        completion: .file()
    )
    var groups: String?

    @Option(
        help: ArgumentHelp(
            "A file with versions of components that there are; repeatable.",
            valueName: "file"
        ),
        completion: .file()
    )
    var catalogue: [String] = []

    @Option(
        help: ArgumentHelp(
            "A directory with recipes in JSON, named NAME-VERSION.json.",
            valueName: "directory"
        ),
        completion: .directory
    )
    var recipes: String?

    func plan(of path: String, isRevised: Bool = true) async throws -> DeploymentPlan {
        try refuseYAML(path, "deployments")
        let deployment = try read(path) { bytes throws(JSONError) in
            try Deployment(decoding: bytes)
        }
        let device = try installedComponents()
        var plan = DeploymentPlan(
            deployment,
            installed: device,
            catalogue: try wholeCatalogue(),
            isRevised: isRevised
        )
        if plan.existingDevice.restarts == .nucleus, let unit = device?.nucleusUnit {
            await NucleusUnit(name: unit).warning().map { plan.warn($0) }
        }
        return plan
    }

    private func installedComponents() throws -> InstalledComponents? {
        guard installed != nil || groups != nil else { return nil }
        var device = InstalledComponents()
        if let installed {
            device = try read(installed) { bytes throws(JSONError) in
                try InstalledComponents(decoding: bytes)
            }
        }
        guard let groups else { return device }
        try read(groups) { bytes throws(JSONError) in try device.readGroups(decoding: bytes) }
        return device
    }

    private func wholeCatalogue() throws -> Catalogue {
        var whole = Catalogue()
        for path in catalogue {
            try read(path) { bytes throws(JSONError) in try whole.add(decoding: bytes) }
        }
        guard let recipes else { return whole }
        guard File.isDirectory(recipes) else {
            throw Failure(.fileError, "\(recipes) is not a directory")
        }
        for name in try File.names(in: recipes) where !name.hasPrefix(".") {
            let path = recipes + "/" + name
            try refuseYAML(path, "recipes")
            guard name.hasSuffix(".json") else { continue }
            try read(path) { bytes throws(JSONError) in try whole.add(recipe: bytes, file: name) }
        }
        return whole
    }

    private func refuseYAML(_ path: String, _ documents: String) throws {
        guard path.hasSuffix(".yaml") || path.hasSuffix(".yml") else { return }
        throw Failure(.fileError, "\(path): \(documents) in YAML are not read, only in JSON")
    }

    /// Reads a file. An error names it.
    private func read<Result>(
        _ path: String,
        _ decode: ([UInt8]) throws(JSONError) -> Result
    ) throws -> Result {
        let limit = JSONLimits.deployments.maximumBytes
        guard let bytes = try File.readPatiently(path, atMost: limit) else {
            throw Failure(.fileError, "\(path): there is no such file")
        }
        do { return try decode(bytes) } catch {
            throw Failure(.fileError, "\(path): \(error.message)")
        }
    }
}
