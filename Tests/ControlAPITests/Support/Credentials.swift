import Domain
import Foundation
import Security

@testable import ControlAPI

/// Credentials of every kind, and an authenticator that judges the tokens among
/// them by the real code.
struct Credentials: CallerAuthenticator {
    static let apiKey = "devkey"
    static let secret = "a-secret-that-is-long-enough-for-hs256"
    /// The room of the good token.
    static let room = "here"

    /// API keys as `FakeKeys`, else a LiveKit token, as the composition does it.
    func caller(bearing credential: String, now: Timestamp) throws(CredentialRefusal) -> Caller {
        if let caller = try? FakeKeys().caller(bearing: credential, now: now) { return caller }
        let claims: LiveKitAccessToken
        do throws(LiveKitAccessTokenError) {
            claims = try LiveKitAccessToken.verify(
                credential, keys: [Self.apiKey: Self.secret], now: Self.date(now), leeway: .zero)
        } catch {
            switch error {
            case .token(.expired): throw .expired
            case .token(.notYetValid): throw .notYetValid
            default: throw .unknown
            }
        }
        guard let grants = claims.video, let room = grants.room, grants.administers(room: room) else {
            throw .powerless
        }
        return Caller(name: claims.identity ?? "livekit", scope: .admin, room: room)
    }

    private static func date(_ time: Timestamp) -> Date {
        Date(timeIntervalSince1970: Double(time.microseconds) / 1_000_000)
    }

    /// A token for `room`, good for an hour from `offset` past the fakes' time.
    static func token(
        _ room: String? = room, admin: Bool = true, offset: Duration = .seconds(-60), secret: String = secret,
        apiKey: String = apiKey
    ) throws -> String {
        try LiveKitAccessToken(
            identity: "web", video: LiveKitVideoGrants(room: room, roomJoin: room == nil ? nil : true, roomAdmin: admin)
        ).mint(
            apiKey: apiKey, secret: secret, now: date(FakeSessions.start + offset), timeToLive: .seconds(3600))
    }

    /// A good token's claims, and the signature cut off.
    static func unsigned() throws -> String {
        let parts = try token().split(separator: ".")
        return "\(parts[0]).\(parts[1])."
    }

    /// A good token's claims under `alg: none`, with the good one's signature or without.
    static func algorithmNone(signed: Bool) throws -> String {
        let parts = try token().split(separator: ".")
        let header = Base64URL.encode(#"{"alg":"none","typ":"JWT"}"#.utf8)
        return "\(header).\(parts[1]).\(signed ? String(parts[2]) : "")"
    }
}
