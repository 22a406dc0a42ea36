// swift-tools-version: 6.2
import PackageDescription

/// One settings array for every target of ours: Swift 6 mode, no implicit
/// existentials, and no warning that is allowed to stay.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

/// A target of ours; its dependencies are the house's arrows
/// (`docs/architecture.md`), and `Tests/TidyTests` holds the imports to them.
func room(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], resources: [Resource]? = nil
) -> Target {
    .target(
        name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let collections = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

let package = Package(
    name: "turngate",
    products: [
        .executable(name: "turngate", targets: ["Turngate"]),
        .library(name: "LiveKitRoom", targets: ["LiveKitRoom"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.30.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        // The C libraries, one wrapper each.
        .systemLibrary(name: "CMicrohttpd", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CSpeexDSP", pkgConfig: "speexdsp", providers: [.apt(["libspeexdsp-dev"])]),
        .target(name: "CLiveKitFFI"),

        // The rooms of the house.
        room("Domain"),
        room("Metrics"),
        room("HTTPServer", ["CMicrohttpd", collections]),
        room("Postgres", ["CPostgres", collections, logging]),
        room("Security", ["COpenSSL"]),
        room("OutboundHTTP", ["CCurl"]),
        room("Audio", ["CSpeexDSP"]),
        room(
            "LiveKitRoom",
            [
                "Domain", "CLiveKitFFI", collections, logging,
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["Protos/livekit_ffi_subset.proto"]),
        room("Migrations", ["Postgres", "Security", logging], resources: [.embedInCode("SQL")]),
        room("Store", ["Domain", "Postgres", "Metrics", collections, logging]),
        room("AgentRuntime", ["Domain", "Metrics", collections, logging]),
        room("Webhooks", ["Domain", "OutboundHTTP", "Security", "Metrics", logging]),
        room("ControlAPI", ["Domain", "HTTPServer", "Audio", "Metrics", logging]),
        .executableTarget(
            name: "Turngate",
            dependencies: [
                "Domain", "HTTPServer", "Postgres", "Security", "OutboundHTTP", "LiveKitRoom", "Migrations", "Store",
                "AgentRuntime", "ControlAPI", "Webhooks", "Metrics", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            resources: [.embedInCode("Resources/openapi.yaml")],
            swiftSettings: settings),

        // Never in a product.
        room("TestSupport", ["Domain", "Postgres", "Migrations", collections, logging]),
        .executableTarget(
            name: "HotPaths",
            dependencies: [
                "Domain", "HTTPServer", "Postgres", "Security", "Migrations", "Store", "AgentRuntime", "ControlAPI",
                "Metrics", "TestSupport", logging,
            ],
            swiftSettings: settings),

        tests("Domain", ["Domain", "TestSupport"]),
        tests("Metrics", ["Metrics"]),
        tests("HTTPServer", ["HTTPServer", "TestSupport"]),
        tests("Postgres", ["Postgres", "TestSupport"]),
        tests("Security", ["Security", "TestSupport"], exclude: ["Peers"]),
        tests("OutboundHTTP", ["OutboundHTTP", "Security", "TestSupport"], exclude: ["Peers"]),
        tests("Audio", ["Audio"]),
        tests("LiveKitRoom", ["LiveKitRoom", "Domain", "Security", "TestSupport"], exclude: ["Peers"]),
        tests("Migrations", ["Migrations", "Postgres", "TestSupport"]),
        tests("Store", ["Store", "Domain", "Postgres", "Migrations", "Metrics", "TestSupport"]),
        tests(
            "Webhooks",
            ["Webhooks", "Domain", "OutboundHTTP", "Security", "Metrics", "Store", "Postgres", "TestSupport"]),
        tests("AgentRuntime", ["AgentRuntime", "Domain", "Metrics", "TestSupport"]),
        tests(
            "ControlAPI",
            [
                "ControlAPI", "Domain", "HTTPServer", "Audio", "Metrics", "Security", "TestSupport",
                .product(name: "Yams", package: "Yams"),
            ]),
        tests("Turngate", ["Turngate", "Domain", "Security", "TestSupport"]),
        tests("Tidy", []),
    ]
)
