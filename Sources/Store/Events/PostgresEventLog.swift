import Domain
import Foundation
import Postgres

/// `EventLog` in PostgreSQL, which also writes the envelopes.
public struct PostgresEventLog: EventLog {
    private let database: Database

    /// What one answer holds at most: with one event more, as the first is
    /// always told. Of the events' own objects, without their envelopes; well above
    /// `EventQuery.wholeBytes`.
    private static let pageBytes: Int64 = 4 << 20

    /// How many positions are looked through at once for events of a few types,
    /// so that a rare one does not make one statement walk through the table.
    private static let scanWidth: Int64 = 100_000

    /// Reads through `pool`.
    public init(pool: PostgresPool) { database = Database(pool: pool) }

    /// May be fewer than `limit` although more follow, as an answer holds about
    /// 4 MiB, and one for a few types ends where something was found. Types that a
    /// newer version writes and this one does not know are left out.
    public func events(_ query: EventQuery) async throws(TurngateError) -> [StoredEvent] {
        let end = query.upTo ?? .max
        guard query.scope == .everything, !query.types.isEmpty else {
            return try await page(query, after: query.after, upTo: end)
        }
        let last = min(end, try await lastPosition())
        var after = query.after
        while after < last {
            let edge = last - after <= Self.scanWidth ? last : after + Self.scanWidth
            let found = try await page(query, after: after, upTo: edge)
            if !found.isEmpty { return found }
            after = edge
        }
        return []
    }

    /// By the id's index.
    public func position(of event: EventID, in scope: EventScope) async throws(TurngateError) -> Int64? {
        var values: [PostgresValue] = [.id(event), .null, .null]
        switch scope {
        case .everything: break
        case .room(let room): values[1] = .text(room)
        case .session(let id): values[2] = .id(id)
        }
        return try await database.rows(EventStatements.position, values, Self.position).first
    }

    /// By the index of the positions.
    public func lastPosition() async throws(TurngateError) -> Int64 {
        try await database.rows(EventStatements.last, [], Self.position).first ?? 0
    }

    private func page(_ query: EventQuery, after: Int64, upTo: Int64) async throws(TurngateError) -> [StoredEvent] {
        let types = query.types.isEmpty ? EventType.allCases : query.types
        let values: [PostgresValue] = [
            .int64(after), .int64(upTo), .textArray(types.map(\.rawValue)),
            .int(min(max(1, query.limit), EventQuery.longest)),
            .int64(Self.pageBytes),
        ]
        return switch query.scope {
        case .everything: try await database.rows(EventStatements.everything, values, StoredEvent.init(row:))
        case .room(let room):
            try await database.rows(EventStatements.room, values + [.text(room)], StoredEvent.init(row:))
        case .session(let id):
            try await database.rows(EventStatements.session, values + [.id(id)], StoredEvent.init(row:))
        }
    }

    private static func position(row: PostgresRow) throws(PostgresError) -> Int64 { try row.get("position") }
}

extension StoredEvent {
    /// A row of `EventStatements`.
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            position: try row.get("position"), id: try row.id("id"), type: try row.word("type"),
            sessionID: try row.id("session_id"), room: try row.get("room"), json: try row.bytes("json"))
    }
}
