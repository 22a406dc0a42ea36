import Foundation
import Yams

/// The project's `openapi.yaml`.
enum Contract {
    static let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("openapi.yaml")

    static func bytes() throws -> [UInt8] { Array(try Data(contentsOf: url)) }

    static func document() throws -> [String: Any] {
        try Yams.load(yaml: String(decoding: bytes(), as: UTF8.self)) as? [String: Any] ?? [:]
    }
}
