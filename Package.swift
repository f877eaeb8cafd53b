// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// Targets stand bottom-up: each imports only targets above it. `swift build` is run with
// `--explicit-target-dependency-import-check error`, which holds the code to that.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
]

/// For targets that call no C: every unsafe construct is an error.
let memorySafe: [SwiftSetting] = strict + [.strictMemorySafety()]

let package = Package(
    name: "reprieve",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Reprieve", targets: ["Reprieve"]),
        .library(name: "ReprieveCoordinator", targets: ["ReprieveCoordinator"]),
        .library(name: "ReprieveShutdown", targets: ["ReprieveShutdown"]),
        .library(name: "ReprieveTesting", targets: ["ReprieveTesting"]),
        .library(name: "NoDispatchMonitor", targets: ["NoDispatchMonitor"]),
        .executable(name: "reprieve", targets: ["reprieve-cli"]),
        .executable(name: "sample-component", targets: ["sample-component"]),
        .executable(name: "sample-nucleus", targets: ["sample-nucleus"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(name: "ReprieveTypes", swiftSettings: memorySafe),

        .target(name: "EventStream", swiftSettings: memorySafe),

        .target(name: "StrictJSON", swiftSettings: memorySafe),

        .target(
            name: "Negotiation",
            dependencies: ["ReprieveTypes"],
            swiftSettings: memorySafe
        ),

        .target(
            name: "Deployments",
            dependencies: ["ReprieveTypes", "StrictJSON"],
            swiftSettings: memorySafe
        ),

        .target(
            name: "ReprieveProtocol",
            dependencies: ["ReprieveTypes", "EventStream", "StrictJSON"],
            swiftSettings: memorySafe
        ),

        .target(name: "Tokens", dependencies: ["ReprieveProtocol"], swiftSettings: memorySafe),

        .target(
            name: "ReprieveBroker",
            dependencies: ["ReprieveProtocol", "Negotiation", "Tokens"],
            swiftSettings: memorySafe
        ),

        // Without `pkgConfig`: SwiftPM would look for it also where only the libraries are built.
        .systemLibrary(name: "CSystemd"),

        .target(name: "CProcess"),

        .target(name: "NoDispatchMonitor"),

        .target(
            name: "Systemd",
            dependencies: ["CSystemd", "CProcess", "ReprieveTypes"],
            swiftSettings: strict
        ),

        .executableTarget(
            name: "reprieved",
            dependencies: [
                "ReprieveBroker", "ReprieveProtocol", "Negotiation", "Tokens", "Systemd",
            ],
            swiftSettings: strict
        ),

        .target(
            name: "ReprieveTransport",
            dependencies: ["ReprieveTypes", "ReprieveProtocol", "EventStream", "StrictJSON"],
            swiftSettings: strict
        ),

        .target(
            name: "Reprieve",
            dependencies: [
                "ReprieveTypes", "ReprieveTransport", "ReprieveProtocol",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: memorySafe
        ),

        .target(
            name: "ReprieveCoordinator",
            dependencies: [
                "ReprieveTypes", "ReprieveTransport", "ReprieveProtocol", "StrictJSON",
                "Deployments",
            ],
            swiftSettings: memorySafe
        ),

        .target(
            name: "ReprieveShutdown",
            dependencies: [
                "ReprieveCoordinator",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: memorySafe
        ),

        .target(
            name: "ReprieveTesting",
            dependencies: [
                "ReprieveTypes", "Reprieve", "ReprieveTransport", "ReprieveBroker",
                "ReprieveProtocol", "Negotiation", "EventStream",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),

        .executableTarget(
            name: "reprieve-cli",
            dependencies: [
                "ReprieveTypes", "ReprieveCoordinator", "ReprieveTransport", "ReprieveProtocol",
                "StrictJSON", "Deployments", "Tokens", "CProcess", "NoDispatchMonitor", "Systemd",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),

        .executableTarget(
            name: "sample-component",
            dependencies: ["Reprieve", "NoDispatchMonitor"],
            path: "Samples/swift-component",
            swiftSettings: strict
        ),

        .executableTarget(
            name: "sample-nucleus",
            dependencies: [
                "ReprieveCoordinator", "ReprieveShutdown",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Samples/swift-nucleus",
            swiftSettings: strict
        ),

        .target(
            name: "sample-snippets",
            dependencies: ["Reprieve", "ReprieveCoordinator"],
            path: "Samples/swift-snippets",
            swiftSettings: strict
        ),

        .target(
            name: "TestSupport",
            dependencies: ["CSystemd"],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),

        .target(
            name: "Outsider",
            dependencies: ["Negotiation"],
            path: "Tests/Outsider",
            swiftSettings: memorySafe
        ),

        .executableTarget(
            name: "explore-negotiation",
            dependencies: ["Negotiation", "Outsider"],
            path: "Tests/Exploration",
            swiftSettings: memorySafe
        ),

        .target(
            name: "BrokerHarness",
            dependencies: [
                "ReprieveBroker", "ReprieveProtocol", "Negotiation", "Tokens", "EventStream",
            ],
            path: "Tests/BrokerHarness",
            swiftSettings: memorySafe
        ),

        .executableTarget(
            name: "simulate-broker",
            dependencies: [
                "BrokerHarness", "Outsider", "TestSupport", "ReprieveBroker", "ReprieveProtocol",
                "Negotiation",
            ],
            path: "Tests/Simulation",
            swiftSettings: memorySafe
        ),

        .target(
            name: "ScriptedBroker",
            dependencies: ["ReprieveProtocol", "EventStream", "StrictJSON"],
            path: "Tests/ScriptedBroker",
            swiftSettings: strict
        ),

        .executableTarget(
            name: "count-negotiation",
            dependencies: ["Negotiation"],
            path: "Tests/InstructionCount",
            exclude: ["expected"],
            swiftSettings: memorySafe
        ),

        .target(
            name: "FuzzTargets",
            dependencies: [
                "BrokerHarness", "ReprieveBroker", "ReprieveProtocol", "Negotiation", "Tokens",
                "EventStream", "StrictJSON", "Deployments", "TestSupport",
            ],
            path: "Tests/FuzzTargets",
            swiftSettings: memorySafe
        ),

        .testTarget(
            name: "ReprieveTypesTests",
            dependencies: ["ReprieveTypes"],
            swiftSettings: memorySafe
        ),

        .testTarget(
            name: "EventStreamTests",
            dependencies: ["EventStream", "StrictJSON", "TestSupport"],
            swiftSettings: memorySafe
        ),

        .testTarget(
            name: "StrictJSONTests",
            dependencies: ["StrictJSON", "TestSupport"],
            exclude: ["json-test-suite.txt"],
            swiftSettings: memorySafe
        ),

        .testTarget(
            name: "NegotiationTests",
            dependencies: ["Negotiation", "Outsider", "TestSupport"],
            swiftSettings: memorySafe
        ),

        .testTarget(
            name: "DeploymentsTests",
            dependencies: ["Deployments", "ReprieveTypes", "StrictJSON", "TestSupport"],
            exclude: ["npm-ranges.txt"],
            swiftSettings: memorySafe
        ),

        .testTarget(
            name: "ReprieveProtocolTests",
            dependencies: ["ReprieveProtocol", "EventStream", "StrictJSON", "TestSupport"],
            swiftSettings: memorySafe
        ),

        .testTarget(
            name: "TokensTests",
            dependencies: ["Tokens"],
            swiftSettings: memorySafe
        ),

        .testTarget(
            name: "ReprieveBrokerTests",
            dependencies: [
                "BrokerHarness", "ReprieveBroker", "ReprieveProtocol", "Negotiation", "Tokens",
                "EventStream", "StrictJSON", "TestSupport",
            ],
            swiftSettings: memorySafe
        ),

        .testTarget(
            name: "FuzzTests",
            dependencies: ["FuzzTargets", "TestSupport"],
            swiftSettings: memorySafe
        ),

        .testTarget(name: "SystemdTests", dependencies: ["Systemd"], swiftSettings: strict),

        .testTarget(
            name: "ReprieveTransportTests",
            dependencies: ["ReprieveTransport", "ReprieveProtocol", "ScriptedBroker"],
            swiftSettings: strict
        ),

        .testTarget(
            name: "ReprieveTests",
            dependencies: [
                "Reprieve", "ReprieveTesting", "ReprieveTransport", "ReprieveProtocol",
                "ScriptedBroker", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: memorySafe
        ),

        .testTarget(
            name: "ReprieveTestingTests",
            dependencies: ["Reprieve", "ReprieveTesting"],
            swiftSettings: memorySafe
        ),

        .testTarget(
            name: "ReprieveCoordinatorTests",
            dependencies: [
                "ReprieveCoordinator", "ReprieveTransport", "ReprieveProtocol", "ScriptedBroker",
                "TestSupport",
            ],
            swiftSettings: memorySafe
        ),

        .testTarget(
            name: "ReprieveShutdownTests",
            dependencies: [
                "ReprieveShutdown", "ReprieveCoordinator", "ReprieveProtocol", "ScriptedBroker",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: memorySafe
        ),

        .testTarget(
            name: "ReprieveCommandTests",
            dependencies: [
                "reprieve-cli", "ReprieveProtocol",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),

        .testTarget(
            name: "SampleTests",
            dependencies: ["Reprieve", "ReprieveTesting"],
            path: "Samples/swift-testing",
            swiftSettings: strict
        ),

        .testTarget(name: "TidyTests", dependencies: ["TestSupport"], swiftSettings: strict),
    ]
)

// `Tests/fuzz.sh` builds it together with libFuzzer, which has its `main`.
if Context.environment["REPRIEVE_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: ["FuzzTargets", "TestSupport"],
            path: "Tests/Fuzz",
            swiftSettings: strict
        )
    )
}
