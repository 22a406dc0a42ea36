import Domain
import Foundation
import Security
import Testing

@testable import Turngate

struct LiveKitTokensTests {
    private let tokens = LiveKitTokens(url: "ws://rooms", apiKey: "key", apiSecret: "secret")
    private let now = Timestamp(microseconds: 1_795_348_800_123_456)

    private func claims(of token: String) throws -> LiveKitAccessToken {
        try LiveKitAccessToken.verify(token, keys: ["key": "secret"], now: Date(timeIntervalSince1970: 1_795_348_801))
    }

    @Test func aParticipantsToken_joinsItsRoomAlone_andMayDoWhatWasAsked() throws {
        let request = ParticipantTokenRequest(
            room: "r", identity: "alice", name: "Alice", attributes: ["a": "b"], canPublish: false, canSubscribe: true,
            timeToLive: .seconds(60))
        let issued = try tokens.issue(request, now: now)
        let claims = try claims(of: issued.token)
        #expect(claims.identity == "alice" && claims.name == "Alice" && claims.attributes == ["a": "b"])
        #expect(claims.video?.room == "r" && claims.video?.roomJoin == true)
        #expect(claims.video?.canPublish == false && claims.video?.canSubscribe == true)
        #expect(claims.video?.roomAdmin == nil && claims.kind == nil)
        #expect(issued.expiresAt.description == "2026-11-22T12:01:00.000000Z")
        #expect(claims.expiresAt == Date(timeIntervalSince1970: 1_795_348_860))
    }

    @Test func anAgentsToken_isAnAgentsToEveryClient_andMayChangeItsAttributes() throws {
        let join = RoomJoin(
            room: "r", identity: "agent", name: "Ava", metadata: "m", attributes: ["lk.agent.state": "initializing"])
        let claims = try claims(of: try tokens.agentToken(join, now: now))
        #expect(claims.kind == .agent && claims.metadata == "m")
        #expect(claims.video?.canUpdateOwnMetadata == true && claims.video?.agent == true)
        #expect(claims.attributes == ["lk.agent.state": "initializing"])
    }
}
