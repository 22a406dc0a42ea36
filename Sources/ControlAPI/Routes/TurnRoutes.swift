import Domain
import HTTPServer

/// `/v1/sessions/{session}/turns`, but for the turns' audio.
struct TurnRoutes: Sendable {
    let sessions: any SessionControl

    private static let collection = "/v1/sessions/{session}/turns"

    var endpoints: [Endpoint] {
        [
            Endpoint(.post, Self.collection, start),
            Endpoint(.get, Self.collection, list),
            Endpoint(.get, Self.collection + "/{turn}", get),
            Endpoint(.post, Self.collection + "/{turn}/end", end),
            Endpoint(.post, Self.collection + "/{turn}/cancel", cancel),
        ]
    }

    private func start(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        var input = try request.input(body: .required)
        let wanted = TurnRequest(
            participant: input.body.requiredString("participant", Limits.name) ?? "",
            preempt: input.body.bool("preempt") ?? false, queue: input.body.bool("queue") ?? false)
        if wanted.preempt, wanted.queue { input.body.fail("queue", "cannot be true together with preempt") }
        try input.finish()
        if wanted.preempt { try request.require(.admin, for: "preempt") }
        switch try await sessions.startTurn(id, wanted, actor: request.actor) {
        case .started(let turn): return Self.answer(turn, status: 201)
        case .running(let turn): return Self.answer(turn, status: 200)
        case .queued(let participant, let place, let holder):
            return .json(Self.queued(participant, place, holder), status: 202)
        }
    }

    private static func answer(_ turn: Turn, status: Int) -> HTTPResponse {
        .json(turn.json, status: status, headers: ["Location": "/v1/sessions/\(turn.sessionID)/turns/\(turn.id)"])
    }

    private static func queued(_ participant: String, _ place: Int, _ holder: String?) -> [UInt8] {
        JSONWriter.object { writer in
            writer.member("queued", true)
            writer.member("participant", participant)
            writer.member("place", place)
            writer.member("holder", holder)
        }
    }

    private func list(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        var input = try request.input(body: .none)
        let query = TurnQuery(
            before: input.query.cursor(Cursor.turn), outcome: input.query.choice("outcome", Turn.Outcome.self),
            limit: input.query.limit())
        try input.finish()
        let page = try await sessions.turns(id, query)
        let next = page.next.map { Cursor.text(of: $0) }
        return .json(JSONWriter.page(of: page.turns, next: next) { $0.write(to: &$1) })
    }

    private func get(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        let turn = try request.turnID()
        try request.expectNothing()
        return .json(try await sessions.turn(id, turn).json)
    }

    private func end(_ request: APIRequest) async throws -> HTTPResponse {
        let (id, turn) = try Self.reference(request)
        return try await finish(id, turn) { () async throws(TurngateError) in
            try await sessions.endTurn(id, turn, actor: request.actor)
        }
    }

    private func cancel(_ request: APIRequest) async throws -> HTTPResponse {
        let (id, turn) = try Self.reference(request)
        return try await finish(id, turn) { () async throws(TurngateError) in
            try await sessions.cancelTurn(id, turn, actor: request.actor)
        }
    }

    private static func reference(_ request: APIRequest) throws -> (SessionID, TurnReference) {
        let id = try request.sessionID()
        let turn = try request.turnID()
        var input = try request.input(body: .optional)
        let epoch = input.body.integer("epoch", Limits.epoch)
        try input.finish()
        return (id, TurnReference(id: turn, epoch: epoch.map(Int64.init)))
    }

    private func finish(
        _ session: SessionID, _ reference: TurnReference, _ call: () async throws(TurngateError) -> Turn
    ) async throws(TurngateError) -> HTTPResponse {
        do throws(TurngateError) {
            return .json(try await call().json)
        } catch {
            guard error.isStaleTurn, let id = reference.id, await isUnknown(id, in: session) else { throw error }
            throw .notFound(.turn)
        }
    }

    /// A turn that never was is not a stale one.
    private func isUnknown(_ turn: TurnID, in session: SessionID) async -> Bool {
        do throws(TurngateError) {
            _ = try await sessions.turn(session, turn)
            return false
        } catch {
            return error == .notFound(.turn)
        }
    }
}

extension TurngateError {
    fileprivate var isStaleTurn: Bool {
        switch self {
        case .conflict(.turn(.staleTurn)): true
        default: false
        }
    }
}
