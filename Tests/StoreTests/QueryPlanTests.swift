import Domain
import Foundation
import Postgres
import Testing

@testable import Store

/// Lists and pages are read by an index, with 100,000 rows in the tables.
@Suite struct QueryPlanTests {
    @Test func listsAndPages_areReadByAnIndex() async throws {
        let fixture = try await StoreFixture()
        let probe = try await fill(fixture)
        let middle = HistoryPosition(at: probe.createdAt, session: probe.id, seq: 50)
        let time = probe.createdAt
        var histories = [HistoryQuery(session: probe.id), HistoryQuery(), HistoryQuery(state: .thinking)]
        histories += [HistoryQuery(room: "room-7"), HistoryQuery(labels: ["n": "77"]), HistoryQuery(since: time)]
        histories += [HistoryQuery(state: .thinking, since: time, until: time + .seconds(600))]
        for query in histories {
            for (after, ascending) in [(nil, true), (middle, true), (middle, false)] {
                var query = query
                query.ascending = ascending
                let statement = try HistoryStatement(query, as: .page, limit: 100, after: after)
                try await check(fixture, statement.statement.sql, statement.values, ["agent_state_transitions"])
            }
        }
        for query in [
            SessionQuery(), SessionQuery(before: probe.id), SessionQuery(statuses: [.connecting]),
            SessionQuery(statuses: [.ended, .failed], before: probe.id), SessionQuery(room: "room-7"),
            SessionQuery(labels: ["n": "77"]),
        ] {
            let statement = try SessionListStatement(query)
            try await check(
                fixture, statement.statement.sql, statement.values, ["agent_state_transitions", "sessions"])
        }
        for before in [PostgresValue.null, .uuid(probe.id.uuid)] {
            for outcome in [PostgresValue.null, .text("empty")] {
                let values = [.uuid(probe.id.uuid), .int(100), before, outcome]
                try await check(fixture, TurnStatements.list.sql, values, ["turns"])
            }
        }
        for before in [PostgresValue.null, .int(50)] {
            let values = [.uuid(probe.id.uuid), .int(100), before]
            try await check(fixture, IncidentStatements.list.sql, values, ["incidents"])
        }
        let events: [PostgresValue] = [
            .int(500), .int64(.max), .textArray(["turn.started"]), .int(1000), .int(4 << 20),
        ]
        try await check(fixture, EventStatements.everything.sql, events, ["events"])
        try await check(fixture, EventStatements.room.sql, events + [.text("room-7")], ["events"])
        try await check(fixture, EventStatements.session.sql, events + [.uuid(probe.id.uuid)], ["events"])
        try await check(fixture, EventStatements.last.sql, [], ["events"])
        for scope in [[PostgresValue.null, .null], [.text("room-7"), .null], [.null, .uuid(probe.id.uuid)]] {
            try await check(fixture, EventStatements.position.sql, [.uuid(probe.id.uuid)] + scope, ["events"])
        }
        for before in [PostgresValue.null, .uuid(probe.id.uuid)] {
            let values = [.uuid(probe.id.uuid), .int(100), before, .text("alice"), .null, .textArray(["failed"])]
            try await check(fixture, InvocationStatements.list.sql, values, ["rpc_invocations"])
            let ofMethod = values + [PostgresValue.text("a")]
            try await check(fixture, InvocationStatements.listOfMethod.sql, ofMethod, ["rpc_invocations"])
        }
        let mine: [PostgresValue] = [.uuid(fixture.runtime.id.uuid), .int64(60_000_000)]
        try await check(fixture, RuntimeStatements.unheld.sql, mine, ["sessions"])
    }

    /// 1,000 sessions of 100 rows; one of the middle.
    private func fill(_ fixture: StoreFixture) async throws -> Session {
        try await fixture.sql(
            """
            INSERT INTO sessions (id, runtime_id, room, status, agent_identity, agent_name, agent_metadata,
                agent_attributes, turn_policy, labels, metadata, created_at, ended_at, end_reason)
            SELECT ('0193' || lpad(to_hex(i), 8, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid,
                CASE WHEN i > 950 THEN (SELECT id FROM runtimes) END, 'room-' || i % 200,
                CASE WHEN i > 950 THEN 'connecting' ELSE 'ended' END, 'agent-' || i, '', '', '{}', $1::jsonb,
                jsonb_build_object('n', (i % 500)::text), '{}', '2026-11-01Z'::timestamptz + i * interval '1 minute',
                CASE WHEN i <= 950 THEN '2026-11-02Z'::timestamptz + i * interval '1 minute' END,
                CASE WHEN i <= 950 THEN 'deleted' END
            FROM generate_series(1, 1000) AS i
            """, [.encoded(TurnPolicy())])
        // The guard wants live sessions; this is about reading.
        try await fixture.sql(
            "ALTER TABLE agent_state_transitions DISABLE TRIGGER agent_state_transitions_guard_insert")
        try await fixture.sql(
            """
            INSERT INTO agent_state_transitions (session_id, seq, at, old_state, new_state, cause)
            SELECT id, n, created_at + n * interval '1 s',
                CASE WHEN n = 1 THEN NULL WHEN n = 2 THEN 'initializing' WHEN n % 2 = 0 THEN 'thinking' ELSE 'listening' END,
                CASE WHEN n = 1 THEN 'initializing' WHEN n % 2 = 0 THEN 'listening' ELSE 'thinking' END, 'api'
            FROM sessions, generate_series(1, 100) AS n
            """)
        try await fillTurns(fixture)
        try await fillEvents(fixture)
        try await fixture.sql("ANALYZE")
        let page = try await fixture.sessions.sessions(SessionQuery(room: "room-100", limit: 3))
        return try #require(page.sessions.last)
    }

    private func fillTurns(_ fixture: StoreFixture) async throws {
        for table in ["turns", "incidents"] {
            try await fixture.sql("ALTER TABLE \(table) DISABLE TRIGGER \(table)_guard_insert")
        }
        try await fixture.sql(
            """
            INSERT INTO turns (id, session_id, epoch, holder, status, outcome, end_reason, started_at, ended_at,
                start_cause, pre_roll_ms, audio_ms, speech_ms, dropped_frames)
            SELECT gen_random_uuid(), id, n, 'alice', 'ended', CASE WHEN n % 2 = 0 THEN 'empty' ELSE 'committed' END,
                'end_turn', created_at, created_at, 'rpc', 0, 0, 0, 0
            FROM sessions, generate_series(1, 100) AS n
            """)
        try await fixture.sql(
            """
            INSERT INTO incidents (session_id, seq, at, finding, detail, healed)
            SELECT id, n, created_at, 'no_frames', '', true FROM sessions, generate_series(1, 100) AS n
            """)
    }

    private func fillEvents(_ fixture: StoreFixture) async throws {
        try await fixture.sql(
            """
            INSERT INTO events (id, session_id, room, seq, type, at, data)
            SELECT gen_random_uuid(), id, room, n, CASE WHEN n % 9 = 0 THEN 'turn.started' ELSE 'gate.changed' END,
                created_at, '{}'
            FROM generate_series(1, 100) AS n, sessions
            """)
        try await fixture.sql(
            """
            INSERT INTO rpc_invocations (id, session_id, direction, method, participant, started_at, duration_us, outcome)
            SELECT gen_random_uuid(), id, 'in', 'a', 'alice', created_at, 0, 'answered'
            FROM sessions, generate_series(1, 100) AS n
            """)
    }

    private func check(
        _ fixture: StoreFixture, _ sql: String, _ values: [PostgresValue], _ tables: [String]
    ) async throws {
        let rows = try await fixture.sql("EXPLAIN (COSTS OFF) " + sql, values)
        let plan = try rows.map { try $0.get(0, as: String.self) }.joined(separator: "\n")
        for table in tables {
            #expect(!plan.contains("Seq Scan on \(table)"), "\(sql)\n\(plan)")
        }
    }
}
