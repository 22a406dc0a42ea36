import Domain
import HTTPServer

/// `POST /v1/sessions/{session}/rpc-calls`
struct RPCCallRoutes: Sendable {
    let sessions: any SessionControl

    var endpoints: [Endpoint] { [Endpoint(.post, "/v1/sessions/{session}/rpc-calls", call)] }

    private func call(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        var input = try request.input(body: .required)
        let call = Self.read(&input.body)
        try input.finish()
        let lines = try await sessions.call(id, call)
        let bytes = JSONWriter.object(capacity: 128 + 160 * lines.count) { writer in
            writer.member("method", call.method)
            writer.key("results")
            writer.array { writer in for line in lines { line.write(to: &writer) } }
        }
        return .json(bytes)
    }

    private static func read(_ body: inout ObjectReader) -> RPCCallRequest {
        if body.isAbsent("destinations") { body.fail("destinations", "is required") }
        return RPCCallRequest(
            method: body.requiredString("method", Limits.calledMethod) ?? "",
            payload: body.string("payload", Limits.payload) ?? "",
            destinations: RPCDestinations(&body) ?? .all,
            responseTimeout: .milliseconds(
                body.integer("response_timeout_ms", Limits.responseTimeoutMs) ?? Limits.defaultCallTimeoutMs))
    }
}
