import Domain
import Foundation
import TestSupport

/// Makes tokens for the development server's key.
enum TokenMint {
    static func token(
        identity: String, room: String, secret: String = DevelopmentRoomServer.secret, claims: [String: Any] = [:]
    ) throws -> String {
        let script = TestTools.root + "/Tests/LiveKitRoomTests/Peers/mint_token.py"
        let json = String(decoding: try JSONSerialization.data(withJSONObject: claims), as: UTF8.self)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: TestTools.python)
        process.arguments = [script, DevelopmentRoomServer.key, secret, identity, room, json]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let token = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: token, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    static func token(_ join: RoomJoin, kind: String = "agent") throws -> String {
        try token(
            identity: join.identity, room: join.room,
            claims: [
                "name": join.name, "metadata": join.metadata, "attributes": join.attributes, "kind": kind,
            ])
    }
}
