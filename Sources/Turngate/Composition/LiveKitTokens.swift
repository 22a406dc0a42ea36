import Domain
import Foundation
import Security

/// Tokens for our LiveKit server, signed with its key and secret: those of
/// agents and those that web backends hand to their browsers.
struct LiveKitTokens: ParticipantTokenIssuer {
    let url: String
    let apiKey: String
    let apiSecret: String

    /// How long an agent's token is good: it only has to last until the join,
    /// and the core asks for none anew when it reconnects, so it lasts a day.
    private static let agentTimeToLive = Duration.seconds(24 * 3600)

    func issue(_ request: ParticipantTokenRequest, now: Timestamp) throws(TurngateError) -> ParticipantToken {
        let claims = LiveKitAccessToken(
            identity: request.identity, name: request.name.isEmpty ? nil : request.name,
            attributes: request.attributes.isEmpty ? nil : request.attributes,
            video: LiveKitVideoGrants(
                room: request.room, roomJoin: true, canPublish: request.canPublish,
                canSubscribe: request.canSubscribe, canPublishData: true))
        // Tokens count whole seconds; what is told is what the token says.
        let second = Timestamp(microseconds: now.microseconds / 1_000_000 * 1_000_000)
        return ParticipantToken(
            token: try mint(claims, at: second, for: request.timeToLive), url: url, room: request.room,
            expiresAt: second + request.timeToLive)
    }

    /// What an agent joins with: `kind: agent` for every client, and the right
    /// to change its own attributes, without which its state is refused.
    func agentToken(_ join: RoomJoin, now: Timestamp) throws(TurngateError) -> String {
        let claims = LiveKitAccessToken(
            identity: join.identity, name: join.name.isEmpty ? nil : join.name,
            metadata: join.metadata.isEmpty ? nil : join.metadata, attributes: join.attributes, kind: .agent,
            video: LiveKitVideoGrants(
                room: join.room, roomJoin: true, canPublish: true, canSubscribe: true, canPublishData: true,
                canUpdateOwnMetadata: true, agent: true))
        return try mint(claims, at: now, for: Self.agentTimeToLive)
    }

    private func mint(
        _ claims: LiveKitAccessToken, at time: Timestamp, for duration: Duration
    ) throws(TurngateError) -> String {
        let date = Date(timeIntervalSince1970: Double(time.microseconds) / 1_000_000)
        do throws(LiveKitAccessTokenError) {
            return try claims.mint(apiKey: apiKey, secret: apiSecret, now: date, timeToLive: duration)
        } catch {
            throw .internalFailure("a LiveKit token could not be signed: \(error)")
        }
    }
}
