import Domain
import HTTPServer

/// `/v1/sessions`
struct SessionRoutes: Sendable {
    let sessions: any SessionControl
    let rules: OutboundRules

    var endpoints: [Endpoint] {
        [
            Endpoint(.post, "/v1/sessions", create).remaking(recreate),
            Endpoint(.get, "/v1/sessions", list),
            Endpoint(.get, "/v1/sessions/{session}", get).answeringAtOnce(getLive).relaying(),
            Endpoint(.patch, "/v1/sessions/{session}", update),
            Endpoint(.delete, "/v1/sessions/{session}", end),
        ]
    }

    private func create(_ request: APIRequest) async throws -> HTTPResponse {
        var input = try request.input(body: .required)
        let wait = input.query.wait() ?? .milliseconds(Limits.defaultSessionWaitMs)
        let spec = SessionSpec(&input.body, rules)
        try input.finish()
        _ = try request.roomInReach(spec.room)
        if let name = spec.repeatedMethod { throw TurngateError.conflict(.rpcMethodTaken(name: name)) }
        let session = try await sessions.create(spec, actor: request.actor, claim: request.claim, wait: wait)
        return Self.created(session)
    }

    private static func created(_ session: Session) -> HTTPResponse {
        .json(
            session.createdJSON, status: session.status == .connecting ? 202 : 201,
            headers: ["Location": "/v1/sessions/\(session.id)"])
    }

    /// The process that made it died before it had answered: the session as it
    /// stands by now.
    private func recreate(_ made: IdempotencyOutcome.Made, _ request: APIRequest) async throws -> HTTPResponse {
        guard case .session(let id) = made else {
            throw TurngateError.internalFailure("a session's claim is bound to something else")
        }
        return Self.created(try await sessions.session(id))
    }

    private func list(_ request: APIRequest) async throws -> HTTPResponse {
        var input = try request.input(body: .none)
        var query = SessionQuery(
            statuses: input.query.choices("status", SessionStatus.self),
            room: input.query.string("room", Limits.name), labels: input.query.labels(),
            before: input.query.cursor(Cursor.session), limit: input.query.limit())
        try input.finish()
        query.room = try request.roomInReach(query.room)
        let page = try await sessions.sessions(query)
        let next = page.next.map { Cursor.text(of: $0) }
        return .json(JSONWriter.page(of: page.sessions, next: next) { $0.write(to: &$1) })
    }

    private func get(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        try request.expectNothing()
        return .json(try await sessions.shown(id).encoded { $0.json })
    }

    /// Of a session that this process holds.
    private func getLive(_ request: APIRequest) throws -> HTTPResponse? {
        let id = try request.sessionID()
        try request.expectNothing()
        return sessions.liveSnapshot(id).map { .json($0.encoded { $0.json }) }
    }

    private func update(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        var input = try request.input(body: .required)
        var patch = SessionPatch()
        if var policy = input.body.object("turn_policy") { patch.turnPolicy = TurnPolicyPatch(&policy) }
        patch.labels = input.body.map("labels", keys: Limits.labelKey, values: Limits.labelValue)
        patch.metadata = input.body.freeObject("metadata", atMost: Limits.metadataBytes)
        try input.finish()
        return .json(try await sessions.update(id, with: patch, actor: request.actor).json)
    }

    private func end(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        try request.expectNothing()
        let session = try await sessions.end(id, actor: request.actor)
        return .json(session.json, status: session.status == .ending ? 202 : 200)
    }
}
