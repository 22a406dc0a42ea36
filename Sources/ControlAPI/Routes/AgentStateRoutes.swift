import Domain
import HTTPServer

/// `PUT /v1/sessions/{session}/agent-state`
struct AgentStateRoutes: Sendable {
    let sessions: any SessionControl

    var endpoints: [Endpoint] { [Endpoint(.put, "/v1/sessions/{session}/agent-state", set)] }

    private func set(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        var input = try request.input(body: .required)
        if input.body.isAbsent("state") { input.errors.add("state", "is required") }
        let state = input.body.choice("state", AgentState.self)
        let reason = input.body.string("reason", Limits.reason)
        try input.finish()
        guard let state else { throw TurngateError.internalFailure("a state that is neither there nor wrong") }
        let change = try await sessions.setAgentState(id, to: state, reason: reason, actor: request.actor)
        return .json(change.json, status: change.durable ? 200 : 202)
    }
}
