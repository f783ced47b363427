// swift-tools-version: 6.2

import PackageDescription

// CI sets LIKENESS_WARNINGS_AS_ERRORS; a developer in the middle of a thought need not fight a warning.
let warningsAreErrors = Context.environment["LIKENESS_WARNINGS_AS_ERRORS"] != nil

let swift: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
    + (warningsAreErrors ? [.treatAllWarnings(as: .error)] : [])
let warnings: [String] = ["-Wall", "-Wextra"] + (warningsAreErrors ? ["-Werror"] : [])
let c: [CSetting] = [.unsafeFlags(warnings)]
let cxx: [CXXSetting] = [.unsafeFlags(warnings)]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

func tests(of name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name + "Tests", dependencies: ["TestSupport"] + dependencies, swiftSettings: swift)
}

let package = Package(
    name: "likeness",
    products: [
        .executable(name: "likeness", targets: ["likeness"]),
        // Preloaded by the crash tests.
        .library(name: "FaultInjection", type: .dynamic, targets: ["FaultInjection"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // Seams: C libraries, each imported by exactly one Swift module.
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(
            name: "CJPEG", cSettings: c,
            linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("exif")]),
        .target(name: "CPNG", cSettings: c, linkerSettings: [.linkedLibrary("png"), .linkedLibrary("z")]),
        .target(
            name: "CWebP", cSettings: c, linkerSettings: [.linkedLibrary("webp"), .linkedLibrary("webpdemux")]),
        .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
        .target(
            name: "CFaiss", cxxSettings: [.headerSearchPath("openmp")] + cxx,
            linkerSettings: [
                .linkedLibrary("faiss"), .linkedLibrary("openblas"), .linkedLibrary("gomp"), .linkedLibrary("stdc++"),
            ]),

        .target(name: "CWorkers", cSettings: c),

        // Our own distance kernels: portable C and one file an instruction set, chosen at run time.
        .target(name: "CKernels", cSettings: c),

        // What everybody may use.
        module("Faults", [system]),
        module("NativeThreads", []),
        module("FolderWatching", ["Faults", logging]),

        // One module a library; Postgres, Embeddings and VectorIndexes know nothing of one another.
        module("Postgres", ["CLibPQ", "Faults", "NativeThreads"]),
        module("LocalCluster", ["Faults", "Postgres", system]),
        module("Imaging", ["CJPEG", "CPNG", "CWebP", "Faults", crypto]),
        module("Augmentation", ["Faults", "Imaging", crypto, system]),
        module("Embeddings", ["COneDNN", "Faults", "Imaging", "NativeThreads", crypto, system]),
        module("VectorIndexes", ["CFaiss", "CKernels", "Faults", "NativeThreads", system]),

        // What every daemon has: waits, bells, the words with the service manager.
        module("Daemons", ["Postgres"]),

        // The catalog, and what is done with it.
        .target(
            name: "Migrations", path: "Migrations", sources: ["Migrations.swift"],
            // In the code, so that the binary has them wherever it is copied.
            resources: [.embedInCode("Schema"), .embedInCode("Views")], swiftSettings: swift),
        module("Catalog", ["Faults", "Migrations", "Postgres", crypto]),
        module(
            "Ingestion",
            [
                "Catalog", "CWorkers", "Daemons", "Embeddings", "Faults", "FolderWatching", "Imaging", "NativeThreads",
                "Postgres", crypto, logging, system,
            ]),
        module(
            "IndexSync",
            ["Catalog", "Daemons", "Faults", "NativeThreads", "Postgres", "VectorIndexes", logging, system]),
        module("Search", ["Catalog", "Embeddings", "Faults", "Imaging", "Postgres", "VectorIndexes", system]),
        module("Benchmarking", ["Embeddings", "Faults", "Imaging", "VectorIndexes", system]),
        .executableTarget(
            name: "likeness",
            dependencies: [
                "Augmentation", "Benchmarking", "Catalog", "Daemons", "Embeddings", "Faults", "FolderWatching",
                "Imaging",
                "IndexSync", "Ingestion", "LocalCluster", "NativeThreads", "Postgres", "Search", "VectorIndexes",
                arguments, logging,
                subprocess, system,
            ], swiftSettings: swift),

        // Tests.
        .target(
            name: "TestSupport", dependencies: ["Catalog", "Faults", "LocalCluster", "Postgres", subprocess, system],
            path: "Tests/TestSupport", swiftSettings: swift),
        tests(of: "Faults", ["Faults"]),
        tests(of: "Architecture", []),
        tests(of: "Postgres", ["Faults", "Postgres", system]),
        tests(of: "LocalCluster", ["Faults", "LocalCluster", "Postgres", system]),
        .systemLibrary(name: "WebPEncoder", path: "Tests/WebPEncoder", providers: [.apt(["libwebp-dev"])]),
        tests(of: "Imaging", ["Faults", "Imaging", "WebPEncoder"]),
        tests(of: "Augmentation", ["Augmentation", "Faults", "Imaging", system]),
        tests(of: "Embeddings", ["Embeddings", "Imaging", system]),
        tests(of: "Kernels", ["CKernels", system]),
        tests(of: "VectorIndexes", ["Faults", "VectorIndexes", system]),
        tests(of: "Catalog", ["Catalog", "Faults", "Migrations", "Postgres"]),
        tests(of: "Daemons", ["Daemons", system]),
        tests(of: "Benchmarking", ["Benchmarking"]),
        tests(of: "FolderWatching", ["Faults", "FolderWatching", logging, system]),
        tests(
            of: "Ingestion",
            [
                "Catalog", "Embeddings", "Faults", "FolderWatching", "Imaging", "Ingestion", "likeness", "Migrations",
                "Postgres", system,
            ]),
        tests(
            of: "IndexSync",
            [
                "Catalog", "Daemons", "Faults", "IndexSync", "likeness", "LocalCluster", "NativeThreads", "Postgres",
                "VectorIndexes", logging, system,
            ]),
        tests(
            of: "Search",
            [
                "Catalog", "Embeddings", "Faults", "IndexSync", "LocalCluster", "Postgres", "Search", "VectorIndexes",
                system,
            ]),
        tests(of: "Command", ["likeness", system]),
        .target(name: "FaultInjection", path: "Tests/FaultInjection", publicHeadersPath: ".", cSettings: c),
        tests(of: "Crash", ["Catalog", "likeness", "LocalCluster", "Postgres", "VectorIndexes", system]),
        .executableTarget(
            name: "index-measurements",
            dependencies: [
                "Benchmarking", "Catalog", "Imaging", "LocalCluster", "Postgres", "TestSupport", "VectorIndexes",
                system,
            ],
            path: "Tests/IndexMeasurements", swiftSettings: swift),
        .executableTarget(
            name: "ingest-measurements",
            dependencies: [
                "Catalog", "Embeddings", "Imaging", "Ingestion", "LocalCluster", "Postgres", "TestSupport", system,
            ],
            path: "Tests/IngestMeasurements", swiftSettings: swift),
        tests(of: "EndToEnd", ["Catalog", "Faults", "Imaging", "likeness", "LocalCluster", "Postgres", system]),
    ],
    cLanguageStandard: .c11,
    cxxLanguageStandard: .cxx17
)
