import Domain
import Postgres

extension PostgresSessionStore {
    /// In the order of their ids; empty for an unknown session. `audioKept` is
    /// false in all of them, as the store has no audio.
    public func turns(_ id: SessionID, _ query: TurnQuery) async throws(TurngateError) -> TurnPage {
        let values: [PostgresValue] = [
            .id(id), .int(query.limit + 1), .uuid(query.before?.uuid), .text(query.outcome?.rawValue),
        ]
        let found = try await database.rows(TurnStatements.list, values, Turn.init(row:))
        let page = Array(found.prefix(query.limit))
        return TurnPage(turns: page, next: found.count > page.count ? page.last?.id : nil)
    }

    /// Nil also when the turn is another session's. `audioKept` is false.
    public func turn(_ id: SessionID, _ turn: TurnID) async throws(TurngateError) -> Turn? {
        try await database.rows(TurnStatements.one, [.id(id), .id(turn)], Turn.init(row:)).first
    }

    /// In the order of their numbers; empty for an unknown session.
    public func incidents(_ id: SessionID, _ query: IncidentQuery) async throws(TurngateError) -> IncidentPage {
        let values: [PostgresValue] = [.id(id), .int(query.limit + 1), .int64(query.before)]
        let found = try await database.rows(IncidentStatements.list, values, Incident.init(row:))
        let page = Array(found.prefix(query.limit))
        return IncidentPage(incidents: page, next: found.count > page.count ? page.last?.seq : nil)
    }
}
