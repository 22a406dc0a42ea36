import Domain
import HTTPServer

/// `/v1/sessions/{session}/participant-tokens`
struct ParticipantTokenRoutes: Sendable {
    let sessions: any SessionControl
    let tokens: any ParticipantTokenIssuer
    let clock: any TurngateClock

    var endpoints: [Endpoint] { [Endpoint(.post, "/v1/sessions/{session}/participant-tokens", issue)] }

    private func issue(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        var input = try request.input(body: .required)
        var wanted = Self.read(&input.body)
        try input.finish()
        let session = try await sessions.session(id)
        guard !session.status.isFinal, session.status != .ending else {
            throw TurngateError.conflict(.sessionNotWorking(id, status: session.status))
        }
        guard wanted.identity != session.spec.agent.identity else {
            throw TurngateError.conflict(
                .identityTaken(room: session.spec.room, identity: wanted.identity, by: id))
        }
        wanted.room = session.spec.room
        let token = try tokens.issue(wanted, now: clock.now)
        return .json(json(token), status: 201)
    }

    private static func read(_ body: inout ObjectReader) -> ParticipantTokenRequest {
        ParticipantTokenRequest(
            room: "", identity: body.requiredString("identity", Limits.name) ?? "",
            name: body.string("name", Limits.displayName) ?? "",
            attributes: body.map("attributes", keys: AttributeKeyRule(), values: Limits.attributeValue) ?? [:],
            canPublish: body.bool("can_publish") ?? true, canSubscribe: body.bool("can_subscribe") ?? true,
            timeToLive: .seconds(body.integer("ttl_s", Limits.tokenSeconds) ?? Limits.defaultTokenSeconds))
    }

    private func json(_ token: ParticipantToken) -> [UInt8] {
        JSONWriter.object(capacity: 1024) { writer in
            writer.member("token", token.token)
            writer.member("url", token.url)
            writer.member("room", token.room)
            writer.member("expires_at", token.expiresAt.description)
        }
    }
}
