import Domain
import HTTPServer

/// What the agent says: `POST …/speech` and `POST …/interrupt`.
struct SpeechRoutes: Sendable {
    let sessions: any SessionControl

    var endpoints: [Endpoint] {
        [
            Endpoint(.post, "/v1/sessions/{session}/speech", speak).streaming(Limits.speechBody),
            Endpoint(.post, "/v1/sessions/{session}/interrupt", interrupt),
        ]
    }

    private func speak(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        var input = try request.input(body: .streamed)
        let interrupt = input.query.bool("interrupt") ?? false
        let wait = input.query.integer("wait_ms", Limits.speechWaitMs) ?? Limits.defaultSpeechWaitMs
        try input.finish()
        let upload = try SpeechUpload(request.http)
        let speech = try await sessions.speak(
            id, upload, interrupt: interrupt, wait: .milliseconds(wait), actor: request.actor)
        return .json(speech.json, status: speech.isOver ? 201 : 202)
    }

    private func interrupt(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        try request.expectNothing()
        return .json(try await sessions.interrupt(id, actor: request.actor).json)
    }
}
