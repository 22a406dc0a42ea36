import Foundation
import Yams

/// The project's `openapi.yaml`.
enum Contract {
    static let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("openapi.yaml")

    static func bytes() throws -> [UInt8] { Array(try Data(contentsOf: url)) }

    /// The YAML as JSON: read once, since that takes its time.
    private static let json = Result {
        let document = try Yams.load(yaml: String(decoding: bytes(), as: UTF8.self)) as? [String: Any] ?? [:]
        return try JSONSerialization.data(withJSONObject: document)
    }

    static func document() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: json.get()) as? [String: Any] ?? [:]
    }
}
