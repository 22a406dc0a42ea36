import Domain
import Foundation
import Security
import Testing

@testable import Turngate

struct CredentialAuthenticatorTests {
    private static let now = Timestamp(microseconds: 1_795_343_467_123_456)
    private let keys: KeyRingAuthenticator
    private let authenticator: CredentialAuthenticator

    init() throws {
        keys = KeyRingAuthenticator(try APIKeyRing(environment: "ops=write:k1,odd=read:a.b.c"))
        authenticator = CredentialAuthenticator(
            keys: keys,
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
        let digests = ["k1", "a.b.c"].map { APIKeyRing.digest(of: $0) }
        #expect(
            try authenticator.caller(bearing: "k1", now: Self.now)
                == Caller(name: "ops", scope: .write, keyDigest: digests[0]))
        #expect(
            try authenticator.caller(bearing: "a.b.c", now: Self.now)
                == Caller(name: "odd", scope: .read, keyDigest: digests[1]))
    }

    @Test func aTokenThatAdministersARoom_isItsAdmin() throws {
        let caller = try authenticator.caller(bearing: Self.token(), now: Self.now)
        // Ten minutes and the leeway, from the whole second of its making.
        let end = Timestamp(microseconds: 1_795_343_467_000_000) + .seconds(660)
        #expect(caller == Caller(name: "livekit:r/web", scope: .admin, room: "r", expiresAt: end))
        let nameless = try authenticator.caller(bearing: Self.token(identity: nil), now: Self.now)
        #expect(nameless == Caller(name: "livekit:r/", scope: .admin, room: "r", expiresAt: end))
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

    /// The same answer, before and after, as if the token were presented anew.
    @Test func aToken_isAdmittedForAsLongAsItWouldBeLetIn() throws {
        let token = try Self.token()
        let caller = try authenticator.caller(bearing: token, now: Self.now)
        let end = try #require(caller.expiresAt)
        for (time, isGood) in [
            (Self.now, true), (end + .milliseconds(-1), true), (end, false), (end + .seconds(9), false),
        ] {
            #expect(authenticator.stillAdmits(caller, for: .read, now: time) == isGood)
            #expect(((try? authenticator.caller(bearing: token, now: time)) != nil) == isGood)
        }
    }

    @Test func aTokenThatEndsInAnotherAge_isLetIn() throws {
        let header = Base64URL.encode(#"{"alg":"HS256","typ":"JWT"}"#.utf8)
        let claims = Base64URL.encode(#"{"iss":"devkey","exp":1e300,"video":{"room":"r","roomAdmin":true}}"#.utf8)
        let signature = Base64URL.encode(
            HMACSHA256.authenticationCode(
                for: Array("\(header).\(claims)".utf8), key: Array("secret".utf8)))
        let caller = try authenticator.caller(bearing: "\(header).\(claims).\(signature)", now: Self.now)
        #expect(caller.expiresAt == nil && authenticator.stillAdmits(caller, for: .read, now: Self.now))
    }

    @Test func aKey_isAdmittedForAsLongAsItsSecretIsOnTheList() throws {
        let caller = try authenticator.caller(bearing: "k1", now: Self.now)
        func admits(_ scope: Caller.Scope) -> Bool { authenticator.stillAdmits(caller, for: scope, now: Self.now) }
        #expect(admits(.read) && admits(.write) && !admits(.admin))
        keys.replace(with: try APIKeyRing(environment: "renamed=admin:k1"))
        #expect(admits(.read) && admits(.admin))
        keys.replace(with: try APIKeyRing(environment: "ops=read:k1"))
        #expect(admits(.read) && !admits(.write))
        // Its secret was changed: who has the old one is out.
        keys.replace(with: try APIKeyRing(environment: "ops=write:k2"))
        #expect(!admits(.read))
        keys.replace(with: try APIKeyRing(environment: ""))
        #expect(!admits(.read))
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
