import Domain
import HTTPServer

/// What the agent says: `POST …/speech` and `POST …/interrupt`.
struct SpeechRoutes: Sendable {
    let sessions: any SessionControl

    var endpoints: [Endpoint] {
        [
            Endpoint(.post, "/v1/sessions/{session}/interrupt", interrupt)
        ]
    }

    private func interrupt(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        try request.expectNothing()
        return .json(try await sessions.interrupt(id, actor: request.actor).json)
    }
}
