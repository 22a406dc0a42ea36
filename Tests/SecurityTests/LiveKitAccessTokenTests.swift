import Foundation
import Testing

@testable import Security

@Suite struct LiveKitAccessTokenTests {
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    let keys = ["devkey": "secret"]

    /// Made by PyPI `livekit-api` (`AccessToken("devkey", "secret")`, one hour, at
    /// 1,800,000,000): an agent's token with every grant of ours.
    static let agentToken = """
        eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJuYW1lIjoiQXZhIFx1MDBjNGdlbnQiLCJraW5kIjoiYWdlbnQiLCJtZXRhZGF0YSI6IntcIn\
        RpZXJcIjpcImdvbGRcIn0iLCJ2aWRlbyI6eyJyb29tSm9pbiI6dHJ1ZSwicm9vbSI6InN1cHBvcnQtNDIiLCJjYW5QdWJsaXNoIjp0cnVlLCJjY\
        W5TdWJzY3JpYmUiOnRydWUsImNhblB1Ymxpc2hEYXRhIjp0cnVlLCJjYW5QdWJsaXNoU291cmNlcyI6WyJtaWNyb3Bob25lIl0sImNhblVwZGF0\
        ZU93bk1ldGFkYXRhIjp0cnVlLCJoaWRkZW4iOmZhbHNlLCJhZ2VudCI6dHJ1ZX0sImF0dHJpYnV0ZXMiOnsibGsuYWdlbnQubmFtZSI6ImF2YSI\
        sInRpZXIiOiJnb2xkIn0sInN1YiI6ImF2YSIsImlzcyI6ImRldmtleSIsIm5iZiI6MTgwMDAwMDAwMCwiZXhwIjoxODAwMDAzNjAwfQ.Pa4Fr_1\
        MtvrDlSj1aD5pwNvh_zBOBt4nTFE26U0zakA
        """

    /// Likewise, six hours: `VideoGrants(room_admin=True, room="r")`.
    static let adminToken = """
        eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ2aWRlbyI6eyJyb29tQWRtaW4iOnRydWUsInJvb20iOiJyIiwiY2FuUHVibGlzaCI6dHJ1ZS\
        wiY2FuU3Vic2NyaWJlIjp0cnVlLCJjYW5QdWJsaXNoRGF0YSI6dHJ1ZX0sInN1YiI6IngiLCJpc3MiOiJkZXZrZXkiLCJuYmYiOjE4MDAwMDAwM\
        DAsImV4cCI6MTgwMDAyMTYwMH0.EI6GSF6DRGGTduFL1cGIK9YKqdqJzFEZ2B0lBO4z_L8
        """

    var agent: LiveKitAccessToken {
        LiveKitAccessToken(
            identity: "ava", name: "Ava Ägent", metadata: #"{"tier":"gold"}"#,
            attributes: ["tier": "gold", "lk.agent.name": "ava"], kind: .agent,
            video: LiveKitVideoGrants(
                room: "support-42", roomJoin: true, canPublish: true, canSubscribe: true, canPublishData: true,
                canUpdateOwnMetadata: true, hidden: false, agent: true, canPublishSources: ["microphone"]))
    }

    @Test func verify_ofATokenByLiveKitsOwnLibrary_givesItsClaims() throws {
        var expected = agent
        expected.issuer = "devkey"
        expected.notBefore = now
        expected.expiresAt = now.addingTimeInterval(3600)
        #expect(try LiveKitAccessToken.verify(Self.agentToken, keys: keys, now: now) == expected)
    }

    @Test func administers_isAboutTheNamedRoomOnly() throws {
        let video = try #require(try LiveKitAccessToken.verify(Self.adminToken, keys: keys, now: now).video)
        #expect(video.administers(room: "r"))
        #expect(!video.administers(room: "R"))
        #expect(!video.administers(room: ""))
        #expect(!LiveKitVideoGrants(roomAdmin: true).administers(room: "r"))
        #expect(!LiveKitVideoGrants(room: "", roomAdmin: true).administers(room: ""))
        #expect(!LiveKitVideoGrants(room: "r", roomJoin: true).administers(room: "r"))
    }

    @Test func mint_thenVerify_givesTheClaimsBackWithIssuerAndTimes() throws {
        let token = try agent.mint(apiKey: "devkey", secret: "secret", now: now.addingTimeInterval(0.75))
        let claims = try LiveKitAccessToken.verify(token, keys: keys, now: now)
        #expect(claims.issuer == "devkey")
        #expect(claims.notBefore == now)
        #expect(claims.expiresAt == now.addingTimeInterval(6 * 3600))
        #expect(claims.video == agent.video)
        #expect(claims.attributes == agent.attributes)
    }

    /// The exact JSON: keys sorted, nothing absent, whole seconds, LiveKit's names.
    @Test func mint_writesSortedKeysAndOmitsWhatIsAbsent() throws {
        let claims = LiveKitAccessToken(
            identity: "alice", kind: .standard,
            video: LiveKitVideoGrants(room: "r/1", roomJoin: true, roomCreate: true, roomList: false), tokenID: "t-1")
        let token = try claims.mint(apiKey: "devkey", secret: "secret", now: now, timeToLive: .seconds(60))
        let payload = try #require(Base64URL.decode(token.split(separator: ".")[1]))
        #expect(
            String(decoding: payload, as: UTF8.self) == """
                {"exp":1800000060,"iss":"devkey","jti":"t-1","kind":"standard","nbf":1800000000,"sub":"alice",\
                "video":{"room":"r/1","roomCreate":true,"roomJoin":true,"roomList":false}}
                """)
        #expect(try claims.mint(apiKey: "devkey", secret: "secret", now: now, timeToLive: .seconds(60)) == token)
    }

    @Test func verify_atTheEndOfLeeway() throws {
        let end = now.addingTimeInterval(3600)
        #expect(throws: Never.self) {
            try LiveKitAccessToken.verify(Self.agentToken, keys: keys, now: end.addingTimeInterval(59))
        }
        #expect(throws: LiveKitAccessTokenError.token(.expired)) {
            try LiveKitAccessToken.verify(Self.agentToken, keys: keys, now: end.addingTimeInterval(60))
        }
        #expect(throws: LiveKitAccessTokenError.token(.expired)) {
            try LiveKitAccessToken.verify(Self.agentToken, keys: keys, now: end, leeway: .zero)
        }
        #expect(throws: LiveKitAccessTokenError.token(.notYetValid)) {
            try LiveKitAccessToken.verify(Self.agentToken, keys: keys, now: now.addingTimeInterval(-61))
        }
    }

    @Test func verify_withAnUnknownKeyOrAnotherSecret_isRefused() throws {
        #expect(throws: LiveKitAccessTokenError.unknownAPIKey) {
            try LiveKitAccessToken.verify(Self.agentToken, keys: ["other": "secret"], now: now)
        }
        #expect(throws: LiveKitAccessTokenError.unknownAPIKey) {
            try LiveKitAccessToken.verify(Self.agentToken, keys: [:], now: now)
        }
        #expect(throws: LiveKitAccessTokenError.token(.badSignature)) {
            try LiveKitAccessToken.verify(Self.agentToken, keys: ["devkey": "Secret"], now: now)
        }
        let anonymous = try JSONWebToken.sign(["exp": 1_800_000_060], secret: Array("secret".utf8))
        #expect(throws: LiveKitAccessTokenError.unknownAPIKey) {
            try LiveKitAccessToken.verify(anonymous, keys: keys, now: now)
        }
    }

    @Test func verify_withTwoKeys_usesTheSecretOfTheNamedOne() throws {
        let token = try agent.mint(apiKey: "second", secret: "other", now: now)
        let both = ["devkey": "secret", "second": "other"]
        #expect(try LiveKitAccessToken.verify(token, keys: both, now: now).issuer == "second")
        #expect(throws: LiveKitAccessTokenError.token(.badSignature)) {
            try LiveKitAccessToken.verify(token, keys: ["second": "secret", "devkey": "other"], now: now)
        }
    }

    @Test func mint_ofAUselessToken_isRefused() {
        func expect(
            _ error: LiveKitAccessTokenError, _ claims: LiveKitAccessToken, key: String = "k",
            life: Duration = .seconds(1)
        ) {
            #expect(throws: error) { try claims.mint(apiKey: key, secret: "s", now: now, timeToLive: life) }
        }
        let join = LiveKitVideoGrants(room: "r", roomJoin: true)
        expect(.joinWithoutIdentity, LiveKitAccessToken(video: join))
        expect(.joinWithoutIdentity, LiveKitAccessToken(identity: "", video: join))
        expect(.joinWithoutRoom, LiveKitAccessToken(identity: "a", video: LiveKitVideoGrants(roomJoin: true)))
        expect(.joinWithoutRoom, LiveKitAccessToken(identity: "a", video: LiveKitVideoGrants(room: "", roomJoin: true)))
        expect(.emptyAPIKey, LiveKitAccessToken(identity: "a", video: join), key: "")
        expect(.timeToLiveNotPositive, LiveKitAccessToken(identity: "a", video: join), life: .zero)
        expect(.timeToLiveNotPositive, LiveKitAccessToken(identity: "a", video: join), life: .seconds(-5))
        #expect(throws: LiveKitAccessTokenError.token(.emptySecret)) {
            try LiveKitAccessToken(identity: "a").mint(apiKey: "k", secret: "", now: now)
        }
    }

    @Test func covers_isTrueForTheBodyOfTheTokenOnly() {
        let body = Data(#"{"event":"room_started"}"#.utf8)
        let token = LiveKitAccessToken(sha256: Data(SHA256.hash(body)).base64EncodedString())
        #expect(token.covers(body: body))
        #expect(!token.covers(body: body + [0x20]))
        #expect(!LiveKitAccessToken().covers(body: body))
    }

    @Test func verify_ofUnknownClaimsAndKinds_keepsWhatItKnows() throws {
        struct Future: Encodable {
            let iss = "devkey", sub = "x", exp = 1_800_000_060, kind = "hologram"
            let roomConfig = ["agents": [["agentName": "ava"]]]
        }
        let token = try JSONWebToken.sign(Future(), secret: Array("secret".utf8))
        let claims = try LiveKitAccessToken.verify(token, keys: keys, now: now)
        #expect(claims.kind?.rawValue == "hologram")
        #expect(claims.identity == "x")
    }
}
