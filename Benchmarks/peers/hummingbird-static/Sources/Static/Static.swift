import Foundation
import Hummingbird

/// Answers every `GET /v1/sessions/{id}` with the bytes of one file, which it reads once: `static PORT FILE`.
///
/// What a Swift web framework can do at best: no check of a key, no session looked up, nothing encoded.
@main
struct Static {
    static func main() async throws {
        guard CommandLine.arguments.count == 3, let port = Int(CommandLine.arguments[1]) else {
            print("usage: static PORT FILE")
            exit(2)
        }
        let body = ByteBuffer(bytes: try Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[2])))
        let router = Router()
        router.get("/v1/sessions/:id") { _, _ in
            Response(status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: body))
        }
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: port))
        )
        try await application.runService()
    }
}
