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
    products: [],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        .target(name: "EventStream", swiftSettings: memorySafe),

        .target(name: "StrictJSON", swiftSettings: memorySafe),

        .target(name: "Negotiation", swiftSettings: memorySafe),

        .target(
            name: "ReprieveProtocol",
            dependencies: ["EventStream", "StrictJSON"],
            swiftSettings: memorySafe
        ),

        .target(
            name: "ReprieveBroker",
            dependencies: ["ReprieveProtocol", "Negotiation"],
            swiftSettings: memorySafe
        ),

        .systemLibrary(
            name: "CSystemd",
            pkgConfig: "libsystemd",
            providers: [.apt(["libsystemd-dev"])]
        ),

        .target(name: "Systemd", dependencies: ["CSystemd"], swiftSettings: strict),

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

        .executableTarget(
            name: "count-negotiation",
            dependencies: ["Negotiation"],
            path: "Tests/InstructionCount",
            exclude: ["expected"],
            swiftSettings: memorySafe
        ),

        .testTarget(
            name: "EventStreamTests",
            dependencies: ["EventStream"],
            swiftSettings: memorySafe
        ),

        .testTarget(
            name: "NegotiationTests",
            dependencies: ["Negotiation"],
            swiftSettings: memorySafe
        ),

        .testTarget(
            name: "StrictJSONTests",
            dependencies: ["StrictJSON"],
            swiftSettings: memorySafe
        ),
    ]
)
