import Domain
import Foundation
import Security

/// LiveKit access tokens as credentials: whoever holds the room server's API
/// secret can administer a room there, and the same token does so here.
struct LiveKitTokenAuthenticator: CallerAuthenticator {
    let apiKey: String
    let apiSecret: String

    /// Who calls where the token names nobody.
    static let nameless = "livekit"
    /// The longest identity that histories take as an actor, in bytes.
    private static let identityBytes = 256

    func caller(bearing credential: String, now: Timestamp) throws(CredentialRefusal) -> Caller {
        let claims = try claims(of: credential, now: now)
        guard let grants = claims.video, let room = grants.room, grants.administers(room: room) else {
            throw .powerless
        }
        let identity = claims.identity ?? ""
        guard identity.utf8.count <= Self.identityBytes, !identity.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else { throw .unknown }
        return Caller(name: identity.isEmpty ? Self.nameless : identity, scope: .admin, room: room)
    }

    /// Whether a credential looks like a token: three parts with dots between.
    static func hasShape(_ credential: String) -> Bool {
        credential.utf8.count(where: { $0 == UInt8(ascii: ".") }) == 2
    }

    private func claims(of token: String, now: Timestamp) throws(CredentialRefusal) -> LiveKitAccessToken {
        let date = Date(timeIntervalSince1970: Double(now.microseconds) / 1_000_000)
        do throws(LiveKitAccessTokenError) {
            return try LiveKitAccessToken.verify(token, keys: [apiKey: apiSecret], now: date)
        } catch {
            switch error {
            case .token(.expired): throw .expired
            case .token(.notYetValid): throw .notYetValid
            default: throw .unknown
            }
        }
    }
}
