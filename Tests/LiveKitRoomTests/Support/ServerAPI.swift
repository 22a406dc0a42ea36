import Foundation
import TestSupport

/// The development server's RoomService and its faults, by curl.
enum ServerAPI {
    static func call(_ server: DevelopmentRoomServer, _ method: String, _ body: [String: String]) throws {
        let token = try TokenMint.token(
            identity: "admin", room: "r", claims: ["video": ["room": "r", "roomAdmin": true, "roomCreate": true]])
        let json = String(decoding: try JSONEncoder().encode(body), as: UTF8.self)
        try post(server.httpURL + "/twirp/livekit.RoomService/" + method, json, bearer: token)
    }

    /// Asks for faults on purpose, as `dev/room-server/README.md` has them.
    static func faults(_ server: DevelopmentRoomServer, _ json: String) throws {
        try post(server.httpURL + "/debug/faults", json, bearer: DevelopmentRoomServer.secret)
    }

    private static func post(_ url: String, _ json: String, bearer: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "curl", "-sS", "--fail", "--max-time", "10", "-o", "/dev/null", "-X", "POST",
            "-H", "Authorization: Bearer \(bearer)", "-H", "Content-Type: application/json", "-d", json, url,
        ]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw LineProcessError.ended(status: process.terminationStatus) }
    }
}
