import Domain
import HTTPServer

/// `/v1/sessions/{session}/audio-input`: who is heard, and the gate by hand.
struct AudioInputRoutes: Sendable {
    let sessions: any SessionControl
    let formats: AudioStreamFormats

    private static let path = "/v1/sessions/{session}/audio-input"

    var endpoints: [Endpoint] { [Endpoint(.get, Self.path, get), Endpoint(.put, Self.path, set)] }

    private func get(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        try request.expectNothing()
        return .json(try await sessions.audioInput(id).json(formats))
    }

    private func set(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        var input = try request.input(body: .required)
        if input.body.isAbsent("enabled") { input.body.fail("enabled", "is required") }
        let change = AudioInputChange(
            enabled: input.body.bool("enabled") ?? false,
            participants: input.body.strings("participants", Limits.name, count: 1...Limits.destinations),
            note: input.body.string("reason", Limits.reason))
        try input.finish()
        return .json(try await sessions.setAudioInput(id, change, actor: request.actor).json(formats))
    }
}
