import Foundation
import TestSupport

/// The development server's RoomService and its faults, by curl.
enum ServerAPI {
    static func call(_ server: DevelopmentRoomServer, _ method: String, _ body: [String: String]) async throws {
        let token = try TokenMint.token(
            identity: "admin", room: "r", claims: ["video": ["room": "r", "roomAdmin": true, "roomCreate": true]])
        let json = String(decoding: try JSONEncoder().encode(body), as: UTF8.self)
        try await post(server.httpURL + "/twirp/livekit.RoomService/" + method, json, bearer: token)
    }

    /// Asks for faults on purpose, as `dev/room-server/README.md` has them.
    static func faults(_ server: DevelopmentRoomServer, _ json: String) async throws {
        try await post(server.httpURL + "/debug/faults", json, bearer: DevelopmentRoomServer.secret)
    }

    private static func post(_ url: String, _ json: String, bearer: String) async throws {
        let curl = try await FinishedProgram.run([
            "curl", "-sS", "--fail", "--max-time", "30", "-o", "/dev/null", "-X", "POST",
            "-H", "Authorization: Bearer \(bearer)", "-H", "Content-Type: application/json", "-d", json, url,
        ])
        guard curl.status == 0 else { throw LineProcessError.ended(status: curl.status) }
    }
}
