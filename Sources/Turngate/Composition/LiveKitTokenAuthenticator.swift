import Domain
import Foundation
import Security

/// LiveKit access tokens as credentials: whoever holds the room server's API
/// secret can administer a room there, and the same token does so here.
struct LiveKitTokenAuthenticator: CallerAuthenticator {
    let apiKey: String
    let apiSecret: String

    /// The longest name that histories take as an actor, in bytes; identities, too.
    private static let nameBytes = 256
    /// By how much our clock and the minter's may differ.
    private static let leeway = LiveKitAccessToken.defaultLeeway

    func caller(bearing credential: String, now: Timestamp) throws(CredentialRefusal) -> Caller {
        let claims = try claims(of: credential, now: now)
        guard let grants = claims.video, let room = grants.room, grants.administers(room: room) else {
            throw .powerless
        }
        let identity = claims.identity ?? ""
        guard identity.utf8.count <= Self.nameBytes, !identity.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else { throw .unknown }
        return Caller(
            name: Self.name(of: identity, in: room), scope: .admin, room: room, expiresAt: Self.end(of: claims))
    }

    /// When the token would be refused: its `exp` and the leeway. Nil where that
    /// is further away than can be said.
    private static func end(of claims: LiveKitAccessToken) -> Timestamp? {
        let seconds = claims.expiresAt.map { $0.timeIntervalSince1970 + leeway / .seconds(1) }
        return seconds.flatMap { Int64(exactly: ($0 * 1_000_000).rounded(.up)) }.map { Timestamp(microseconds: $0) }
    }

    /// Who calls, as histories have it: `livekit:ROOM/IDENTITY`, with `/` and `%` of
    /// the room as in URLs, so that no two callers have one name; and none that of
    /// an API key, which has no colon. What is too long has a digest instead, and
    /// no slash.
    static func name(of identity: String, in room: String) -> String {
        let place = room.replacing("%", with: "%25").replacing("/", with: "%2F")
        let name = "livekit:\(place)/\(identity)"
        guard name.utf8.count > nameBytes else { return name }
        return "livekit:" + SHA256.hash(name).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    /// Whether a credential looks like a token: three parts with dots between.
    static func hasShape(_ credential: String) -> Bool {
        credential.utf8.count(where: { $0 == UInt8(ascii: ".") }) == 2
    }

    private func claims(of token: String, now: Timestamp) throws(CredentialRefusal) -> LiveKitAccessToken {
        let date = Date(timeIntervalSince1970: Double(now.microseconds) / 1_000_000)
        do throws(LiveKitAccessTokenError) {
            return try LiveKitAccessToken.verify(token, keys: [apiKey: apiSecret], now: date, leeway: Self.leeway)
        } catch {
            switch error {
            case .token(.expired): throw .expired
            case .token(.notYetValid): throw .notYetValid
            default: throw .unknown
            }
        }
    }
}
