// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// A component in a package of its own, beside a copy of Reprieve.

let package = Package(
    name: "camera",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(path: "../reprieve")
    ],
    targets: [
        .executableTarget(
            name: "camera",
            dependencies: [
                .product(name: "Reprieve", package: "reprieve")
            ]
        )
    ]
)
