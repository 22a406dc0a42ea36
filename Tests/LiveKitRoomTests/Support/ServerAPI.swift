import Foundation
import TestSupport

/// The development server's RoomService, by curl.
enum ServerAPI {
    static func call(_ server: DevelopmentRoomServer, _ method: String, _ body: [String: String]) throws {
        let token = try TokenMint.token(
            identity: "admin", room: "r", claims: ["video": ["room": "r", "roomAdmin": true, "roomCreate": true]])
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "curl", "-sS", "--fail", "--max-time", "10", "-o", "/dev/null", "-X", "POST",
            "-H", "Authorization: Bearer \(token)", "-H", "Content-Type: application/json",
            "-d", String(decoding: try JSONEncoder().encode(body), as: UTF8.self),
            server.httpURL + "/twirp/livekit.RoomService/" + method,
        ]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw LineProcessError.ended }
    }
}
