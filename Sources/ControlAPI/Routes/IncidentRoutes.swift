import Domain
import HTTPServer

/// `/v1/sessions/{session}/incidents`: what the watchdog found.
struct IncidentRoutes: Sendable {
    let sessions: any SessionControl

    var endpoints: [Endpoint] { [Endpoint(.get, "/v1/sessions/{session}/incidents", list)] }

    private func list(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        var input = try request.input(body: .none)
        let query = IncidentQuery(before: input.query.cursor(Cursor.incident), limit: input.query.limit())
        try input.finish()
        let page = try await sessions.incidents(id, query)
        let next = page.next.map { Cursor.text(ofIncident: $0) }
        return .json(JSONWriter.page(of: page.incidents, next: next) { $0.write(to: &$1) })
    }
}
