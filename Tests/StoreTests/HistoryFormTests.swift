import Domain
import Foundation
import Postgres
import Testing

@testable import Store

/// Pages are what `row_to_json` would write, byte for byte, whatever is in the rows.
@Suite struct HistoryFormTests {
    /// What the page of `query` has to be: plain SQL, with numeric arithmetic and
    /// each value shown by PostgreSQL's own functions.
    private func expected(_ fixture: StoreFixture, _ condition: String, order: String, limit: Int) async throws
        -> String
    {
        let rows = try await fixture.sql(
            """
            SELECT '[' || coalesce(string_agg(row_to_json(shown)::text, ',' ORDER BY place), '') || ']' AS page
            FROM (
                SELECT row_number() OVER (ORDER BY \(order)) AS place, t.*, s.room, s.ended_at
                FROM agent_state_transitions AS t JOIN sessions AS s ON s.id = t.session_id WHERE \(condition)
                ORDER BY \(order) LIMIT \(limit)
            ) AS t
            LEFT JOIN agent_state_transitions AS following
                ON following.session_id = t.session_id AND following.seq = t.seq + 1
            CROSS JOIN LATERAL (
                SELECT turngate_id('ses', t.session_id) AS session_id, t.room, t.seq, t.old_state, t.new_state,
                    to_char(t.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
                    turngate_ms(t.at, coalesce(following.at, t.ended_at)) AS dwell_ms, t.cause, t.actor,
                    turngate_id('turn', t.turn_id) AS turn_id, t.reason
            ) AS shown
            """)
        return try #require(rows.first).get("page")
    }

    /// 8 sessions with 200 rows each: some live, with odd texts, or none, with steps
    /// of nothing, of microseconds and of months, and with clocks that ran backwards.
    private func fill(_ fixture: StoreFixture) async throws -> [SessionID] {
        var sessions: [SessionID] = []
        for index in 0..<8 {
            let room = ["room", "\"q\"\\", "tab\tline\n\r\u{8}\u{C}\u{1F}", "é😀\u{2028}"][index % 4]
            sessions.append(
                try await fixture.insertSession(room: room, identity: "a\(index)", after: .milliseconds(index)).session
                    .id)
        }
        // The guard would not have clocks that ran backwards.
        try await fixture.sql(
            "ALTER TABLE agent_state_transitions DISABLE TRIGGER agent_state_transitions_guard_insert")
        try await fixture.sql("SELECT setseed(0.4)")
        try await fixture.sql(
            """
            INSERT INTO agent_state_transitions (session_id, seq, at, old_state, new_state, cause, actor, reason, turn_id)
            SELECT id, n, date_trunc((ARRAY['second', 'milliseconds', 'microseconds'])[1 + n % 3], created_at)
                    + (ARRAY[1, 1000, 1000000, 86400000000, 0])[1 + n * 7 % 5] * n * random() * interval '1 microsecond',
                CASE WHEN n = 2 THEN 'initializing' WHEN n % 2 = 0 THEN 'thinking' ELSE 'listening' END,
                CASE WHEN n % 2 = 0 THEN 'listening' ELSE 'thinking' END,
                (ARRAY['api', 'rpc', 'playout', 'policy', 'observed', 'connection'])[1 + n % 6],
                (ARRAY['web', NULL, '"\\', E'\\b\\f\\n\\r\\t\\x01\\x1f\\x7f', '', 'é😀'])[1 + n * 5 % 6],
                (ARRAY['llm', NULL, NULL, '</script>', E'a\\nb', ''])[1 + n * 11 % 6],
                CASE WHEN n % 3 = 0 THEN gen_random_uuid() END
            FROM sessions, generate_series(2, 200) AS n
            """)
        for session in sessions.prefix(4) {
            try await fixture.sql(
                """
                UPDATE sessions SET status = 'ended', ended_at = created_at + interval '3.5 s', end_reason = 'deleted',
                    runtime_id = NULL WHERE id = $1
                """, [.uuid(session.uuid)])
        }
        return sessions
    }

    @Test func pages_areByteForByteWhatPlainSQLWrites() async throws {
        let fixture = try await StoreFixture()
        for session in try await fill(fixture) {
            for (ascending, order) in [(true, "t.seq"), (false, "t.seq DESC")] {
                let one = "t.session_id = '\(session.uuid)'"
                for (limit, after, condition) in [
                    (1000, nil, one), (100, 37 as Int64, one + (ascending ? " AND t.seq > 37" : " AND t.seq < 37")),
                ] {
                    var query = HistoryQuery(session: session, ascending: ascending, limit: limit)
                    query.after = after.map { HistoryPosition(at: StoreFixture.start, session: session, seq: $0) }
                    let page = try await fixture.history.page(query)
                    let plain = try await expected(fixture, condition, order: order, limit: limit)
                    #expect(String(decoding: page.rows, as: UTF8.self) == plain)
                }
                let query = HistoryQuery(session: session, state: .thinking, ascending: ascending, limit: 50)
                let plain = try await expected(fixture, one + " AND t.new_state = 'thinking'", order: order, limit: 50)
                #expect(String(decoding: try await fixture.history.page(query).rows, as: UTF8.self) == plain)
            }
        }
        for (ascending, order) in [
            (true, "t.at, t.session_id, t.seq"), (false, "t.at DESC, t.session_id DESC, t.seq DESC"),
        ] {
            let page = try await fixture.history.page(HistoryQuery(ascending: ascending, limit: 1000))
            let plain = try await expected(fixture, "true", order: order, limit: 1000)
            #expect(String(decoding: page.rows, as: UTF8.self) == plain)
        }
    }

    @Test func ids_areThoseOfTheService() async throws {
        let fixture = try await StoreFixture()
        let ids =
            [
                UUID(uuidString: "00000000-0000-0000-0000-000000000000"),
                UUID(uuidString: "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"),
            ]
            .compactMap { $0 } + (0..<500).map { _ in UUID() }
        let rows = try await fixture.sql(
            "SELECT turngate_id('turn', id) AS id FROM unnest($1::uuid[]) WITH ORDINALITY AS given (id, n) ORDER BY n",
            [.uuidArray(ids)])
        let texts = try rows.map { row in try row.get("id", as: String.self) }
        #expect(texts == ids.map { TurnID(uuid: $0).description })
    }
}
