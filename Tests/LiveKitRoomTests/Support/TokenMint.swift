import Domain
import Foundation
import Security
import TestSupport

/// Makes tokens for the development server's key, out of any claims: what
/// `LiveKitAccessToken` has no field for, too.
enum TokenMint {
    static func token(
        identity: String, room: String, secret: String = DevelopmentRoomServer.secret, claims: [String: Any] = [:]
    ) throws -> String {
        let now = Int(Date().timeIntervalSince1970)
        let usual: [String: Any] = [
            "iss": DevelopmentRoomServer.key, "sub": identity, "nbf": now - 60, "exp": now + 3600,
            "video": ["room": room, "roomJoin": true, "canUpdateOwnMetadata": true] as [String: Any],
        ]
        let body = try JSONSerialization.data(withJSONObject: usual.merging(claims) { $1 })
        let head = Base64URL.encode(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8)) + "." + Base64URL.encode(body)
        let code = HMACSHA256.authenticationCode(for: Array(head.utf8), key: Array(secret.utf8))
        return head + "." + Base64URL.encode(code)
    }

    static func token(_ join: RoomJoin, kind: String = "agent") throws -> String {
        try token(
            identity: join.identity, room: join.room,
            claims: [
                "name": join.name, "metadata": join.metadata, "attributes": join.attributes, "kind": kind,
            ])
    }
}
