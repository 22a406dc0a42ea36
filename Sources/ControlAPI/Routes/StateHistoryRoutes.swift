import Domain
import HTTPServer

/// The history of agent states, of one session and of all.
struct StateHistoryRoutes: Sendable {
    let sessions: any SessionControl
    let history: any StateHistory
    let clock: any TurngateClock
    private let past = PastPages()

    init(sessions: any SessionControl, history: any StateHistory, clock: any TurngateClock) {
        self.sessions = sessions
        self.history = history
        self.clock = clock
    }

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, "/v1/sessions/{session}/agent-states", ofSession).answeringAtOnce(keptPage)
                .relaying(),
            Endpoint(.get, "/v1/agent-states", ofAll),
            Endpoint(.get, "/v1/sessions/{session}/agent-states/summary", summary),
        ]
    }

    private enum Order: String, CaseIterable { case asc, desc }

    private func ofSession(_ request: APIRequest) async throws -> HTTPResponse {
        try await answer(request, Self.queryOfSession(request))
    }

    private static func queryOfSession(_ request: APIRequest) throws -> HistoryQuery {
        let id = try request.sessionID()
        var input = try request.input(body: .none)
        var query = range(&input.query)
        query.session = id
        try input.finish()
        return query
    }

    /// A page of the past that is in memory.
    private func keptPage(_ request: APIRequest) throws -> HTTPResponse? {
        let query = try Self.queryOfSession(request)
        guard try HistoryRepresentation(accepting: request.http.headers) == .json else { return nil }
        return past.page(query)?.answer(to: request.http.headers)
    }

    private func ofAll(_ request: APIRequest) async throws -> HTTPResponse {
        var input = try request.input(body: .none)
        var query = Self.range(&input.query)
        query.room = input.query.string("room", Limits.name)
        query.labels = input.query.labels()
        try input.finish()
        query.room = try request.roomInReach(query.room)
        return try await answer(request, query)
    }

    private static func range(_ reader: inout QueryReader) -> HistoryQuery {
        HistoryQuery(
            state: reader.choice("state", AgentState.self), since: reader.time("since"), until: reader.time("until"),
            ascending: reader.choice("order", Order.self) != .desc, limit: reader.limit(),
            after: reader.cursor(Cursor.history))
    }

    private func answer(_ request: APIRequest, _ query: HistoryQuery) async throws -> HTTPResponse {
        let representation = try HistoryRepresentation(accepting: request.http.headers)
        guard let format = representation.format else { return try await page(request, query) }
        // The status goes out before the first row: whether the database is
        // there, and the session, is asked before it.
        var probe = query
        probe.limit = 1
        probe.after = nil
        _ = try await rows(probe)
        return HTTPResponse(
            status: 200, headers: ["Content-Type": representation.contentType, "Vary": "Accept"],
            body: .stream(export(query, format)))
    }

    private func export(_ query: HistoryQuery, _ format: HistoryFormat) -> HTTPBodyStream {
        HTTPBodyStream { [history] writer in
            try await history.export(query, as: format) { try await writer.write($0) }
        }
    }

    private func page(_ request: APIRequest, _ query: HistoryQuery) async throws -> HTTPResponse {
        if let kept = past.page(query) { return kept.answer(to: request.http.headers) }
        let page = try await rows(query)
        let bytes = JSONWriter.page(ofRaw: page.rows, next: page.next.map { Cursor.text(of: $0) })
        guard page.isPast(for: query) else { return .json(bytes, headers: ["Vary": "Accept"]) }
        return past.keep(bytes, for: query).answer(to: request.http.headers)
    }

    /// A page; only an empty one needs to be asked whether its session exists.
    private func rows(_ query: HistoryQuery) async throws -> HistoryPage {
        let page = try await history.page(query)
        if let id = query.session, page.rows.count <= 2 { _ = try await sessions.session(id) }
        return page
    }

    private func summary(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        try request.expectNothing()
        guard let summary = try await history.summary(id, now: clock.now) else {
            throw TurngateError.notFound(.session)
        }
        return .json(summary.json)
    }
}

/// How the history can be written.
private enum HistoryRepresentation: String, CaseIterable {
    case json = "application/json"
    case ndjson = "application/x-ndjson"
    case csv = "text/csv"

    /// Throws 406 where `Accept` leaves out all of them.
    init(accepting headers: HTTPHeaders) throws(Problem) {
        let offers = Self.allCases.map { (mediaType: $0.rawValue, offer: $0) }
        guard let wanted = AcceptHeader(headers).preferred(offers) else {
            let types = Self.allCases.map(\.rawValue)
            throw Problem(.notAcceptable, "The history comes as \(types.joined(separator: ", ")).")
                .adding("available", types)
        }
        self = wanted
    }

    /// How the whole range is written; nil for pages.
    var format: HistoryFormat? {
        switch self {
        case .json: nil
        case .ndjson: .ndjson
        case .csv: .csv
        }
    }

    var contentType: String { self == .csv ? "text/csv; charset=utf-8; header=present" : rawValue }
}
