import Audio
import Domain
import HTTPServer

/// Audio as it passed the gate: live, and of a turn that is over.
struct AudioStreamRoutes: Sendable {
    let sessions: any SessionControl
    let formats: AudioStreamFormats
    let clock: any TurngateClock

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, "/v1/sessions/{session}/audio-input/stream", stream),
            Endpoint(.get, "/v1/sessions/{session}/turns/{turn}/audio", turn),
        ]
    }

    private func stream(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        var input = try request.input(body: .none)
        let format = AudioStreamFormat(
            container: input.query.choice("format", AudioStreamFormat.Container.self) ?? .wav,
            sampleRate: input.query.integer("sample_rate", Limits.sampleRate) ?? Limits.defaultStreamSampleRate)
        let participant = input.query.string("participant", Limits.name)
        try input.finish()
        try request.requireAcceptable(format.mediaTypes)
        var headers: HTTPHeaders = ["Content-Type": format.contentType]
        guard request.http.method != .head else {
            _ = try await sessions.audioInput(id)
            return HTTPResponse(status: 200, headers: headers, body: .stream(HTTPBodyStream { _ in }))
        }
        let reader = OpenAudioReader(try await sessions.readAudio(id, participant: participant), format, in: formats)
        headers.add("Turngate-Reader", reader.id.description)
        return HTTPResponse(
            status: 200, headers: headers, body: .stream(try reader.body(for: request.context.standing, by: clock)))
    }

    private func turn(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        let turn = try request.turnID()
        var input = try request.input(body: .none)
        let rate = input.query.integer("sample_rate", Limits.sampleRate) ?? AudioFrame.sampleRate
        try input.finish()
        let format = AudioStreamFormat(container: .wav, sampleRate: rate)
        try request.requireAcceptable(format.mediaTypes)
        let resampler = try Resampler(from: AudioFrame.sampleRate, to: rate)
        let samples = try resampler.process(try await sessions.turnAudio(id, turn).samples) + resampler.flush()
        return HTTPResponse(
            status: 200, headers: ["Content-Type": format.contentType],
            body: .bytes(WAVWriter.file(samples, sampleRate: rate)))
    }
}
