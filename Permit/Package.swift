// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// A package of its own: neither the daemon nor a component's build sees libcurl.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
]

let package = Package(
    name: "reprieve-permit",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "reprieve-permit", targets: ["reprieve-permit"])],
    dependencies: [
        .package(name: "reprieve", path: ".."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        // Decisions, engines, files' contents: no socket, no clock.
        .target(
            name: "Permit",
            dependencies: [.product(name: "Reprieve", package: "reprieve")],
            swiftSettings: strict
        ),

        // Without `pkgConfig`, as in the main package.
        .systemLibrary(name: "CCurl"),

        .executableTarget(
            name: "reprieve-permit",
            dependencies: [
                "Permit", "CCurl",
                .product(name: "Reprieve", package: "reprieve"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),

        // Brokers and a server around the state machine, in virtual time: for tests and simulation.
        .target(
            name: "FleetModel",
            dependencies: ["Permit", .product(name: "Reprieve", package: "reprieve")],
            swiftSettings: strict
        ),

        .executableTarget(
            name: "simulate-fleet",
            dependencies: [
                "FleetModel", "Permit", .product(name: "Reprieve", package: "reprieve"),
            ],
            swiftSettings: strict
        ),

        .testTarget(
            name: "PermitTests",
            dependencies: [
                "FleetModel", "Permit", .product(name: "Reprieve", package: "reprieve"),
            ],
            swiftSettings: strict
        ),
    ]
)
