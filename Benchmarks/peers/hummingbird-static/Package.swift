// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "hummingbird-static",
    dependencies: [.package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0")],
    targets: [
        .executableTarget(
            name: "static", dependencies: [.product(name: "Hummingbird", package: "hummingbird")],
            path: "Sources/Static")
    ]
)
