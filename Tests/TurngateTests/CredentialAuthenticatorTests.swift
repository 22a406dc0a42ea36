import Domain
import Foundation
import Security
import Testing

@testable import Turngate

struct CredentialAuthenticatorTests {
    private static let now = Timestamp(microseconds: 1_795_343_467_123_456)
    private let authenticator: CredentialAuthenticator

    init() throws {
        authenticator = CredentialAuthenticator(
            keys: KeyRingAuthenticator(try APIKeyRing(environment: "ops=write:k1,odd=read:a.b.c")),
            tokens: LiveKitTokenAuthenticator(apiKey: "devkey", apiSecret: "secret"))
    }

    private static func token(
        identity: String? = "web", room: String? = "r", admin: Bool? = true, secret: String = "secret",
        apiKey: String = "devkey", offset: Double = 0
    ) throws -> String {
        let now = Date(timeIntervalSince1970: Double(now.microseconds) / 1_000_000 + offset)
        return try LiveKitAccessToken(identity: identity, video: LiveKitVideoGrants(room: room, roomAdmin: admin))
            .mint(apiKey: apiKey, secret: secret, now: now, timeToLive: .seconds(600))
    }

    private func refusal(_ credential: String) -> CredentialRefusal? {
        do throws(CredentialRefusal) {
            _ = try authenticator.caller(bearing: credential, now: Self.now)
            return nil
        } catch {
            return error
        }
    }

    @Test func keys_comeFirst_evenThoseThatLookLikeTokens() throws {
        #expect(try authenticator.caller(bearing: "k1", now: Self.now) == Caller(name: "ops", scope: .write))
        #expect(try authenticator.caller(bearing: "a.b.c", now: Self.now) == Caller(name: "odd", scope: .read))
    }

    @Test func aTokenThatAdministersARoom_isItsAdmin() throws {
        let caller = try authenticator.caller(bearing: Self.token(), now: Self.now)
        #expect(caller == Caller(name: "livekit:r/web", scope: .admin, room: "r"))
        let nameless = try authenticator.caller(bearing: Self.token(identity: nil), now: Self.now)
        #expect(nameless == Caller(name: "livekit:r/", scope: .admin, room: "r"))
    }

    @Test func namesOfTokens_areNeverThoseOfKeysOrOfEachOther() throws {
        func name(_ identity: String?, _ room: String) throws -> String {
            try authenticator.caller(bearing: Self.token(identity: identity, room: room), now: Self.now).name
        }
        #expect(throws: (any Error).self) { try APIKeyRing(environment: "livekit:r/web=write:k") }
        #expect(try name("ops", "r") != "ops")
        #expect(try name(nil, "a") != name(nil, "b"))
        #expect(try name("b/c", "a") != name("c", "a/b"))
        #expect(try name("x", "a/b") != name("x", "a%2Fb"))
        let long = String(repeating: "x", count: 256)
        #expect(try name(long, "a") != name(long, "b"))
        #expect(try name(long, "a").utf8.count <= 256)
    }

    @Test func tokensOfOthers_areUnknown() throws {
        #expect(refusal("wrong") == .unknown && refusal("a.b.d") == .unknown && refusal("") == .unknown)
        #expect(refusal(try Self.token(secret: "other")) == .unknown)
        #expect(refusal(try Self.token(apiKey: "other")) == .unknown)
        #expect(refusal(try Self.token(identity: String(repeating: "x", count: 257))) == .unknown)
        #expect(refusal(try Self.token(identity: "a\u{0}b")) == .unknown)
        let parts = try Self.token().split(separator: ".")
        #expect(refusal("\(parts[0]).\(parts[1]).") == .unknown)
        let none = Base64URL.encode(#"{"alg":"none"}"#.utf8)
        #expect(refusal("\(none).\(parts[1]).") == .unknown && refusal("\(none).\(parts[1]).\(parts[2])") == .unknown)
    }

    @Test func tokensOutOfTime_sayWhich_withAMinuteOfLeeway() throws {
        #expect(refusal(try Self.token(offset: -661)) == .expired)
        #expect(refusal(try Self.token(offset: -650)) == nil)
        #expect(refusal(try Self.token(offset: 62)) == .notYetValid)
        #expect(refusal(try Self.token(offset: 50)) == nil)
    }

    @Test func tokensThatAdministerNothing_arePowerless() throws {
        #expect(refusal(try Self.token(admin: nil)) == .powerless)
        #expect(refusal(try Self.token(admin: false)) == .powerless)
        #expect(refusal(try Self.token(room: nil)) == .powerless)
        #expect(refusal(try Self.token(room: "")) == .powerless)
    }

    /// What we hand out to browsers and agents must not open our own door.
    @Test func tokensThatWeIssue_arePowerless() throws {
        let tokens = LiveKitTokens(url: "ws://x", apiKey: "devkey", apiSecret: "secret")
        let request = ParticipantTokenRequest(
            room: "r", identity: "alice", name: "", attributes: [:], canPublish: true, canSubscribe: true,
            timeToLive: .seconds(60))
        #expect(refusal(try tokens.issue(request, now: Self.now).token) == .powerless)
        let join = RoomJoin(room: "r", identity: "agent", name: "", metadata: "", attributes: [:])
        #expect(refusal(try tokens.agentToken(join, now: Self.now)) == .powerless)
    }
}
