import Domain
import Foundation
import Postgres
import Testing

/// What must never be of turns, incidents and built-in methods, tried by SQL
/// past all of our own code.
@Suite struct TurnSchemaTests {
    private static let session = "'01930000-0000-7000-8000-000000000001'::uuid"
    private static let over = "'01930000-0000-7000-8000-000000000002'::uuid"
    private static let other = "'01930000-0000-7000-8000-0000000000ff'::uuid"

    /// A session with an ended turn (1), one under way (2) and an incident (1),
    /// and a session that is over.
    private static var scene: [String] {
        let columns = """
            id, room, agent_identity, agent_name, agent_metadata, agent_attributes, turn_policy, labels, metadata,
            created_at
            """
        let rest = "'', '', '{}', '{}', '{}', '{}', '2026-11-22 10:00:00Z'"
        return [
            "INSERT INTO sessions (\(columns), runtime_id, status) SELECT \(session), 'r', 'a', \(rest), id, 'connecting' FROM runtimes",
            """
            INSERT INTO sessions (\(columns), status, ended_at, end_reason)
            VALUES (\(over), 'r', 'b', \(rest), 'ended', '2026-11-22 11:00:00Z', 'deleted')
            """,
            turn(id: session, epoch: 1, "ended", "'empty'", "'end_turn'", "'2026-11-22 10:00:20Z'"),
            turn(id: over, epoch: 2), incident(1),
        ]
    }

    private static func turn(
        id: String = other, of session: String = session, epoch: Int = 3, holder: String = "alice",
        _ status: String = "active", _ outcome: String = "NULL", _ reason: String = "NULL", _ endedAt: String = "NULL",
        cause: String = "rpc", counts: String = "0, 0, 0, 0"
    ) -> String {
        """
        INSERT INTO turns (id, session_id, epoch, holder, status, outcome, end_reason, started_at, ended_at,
            start_cause, pre_roll_ms, audio_ms, speech_ms, dropped_frames)
        VALUES (\(id), \(session), \(epoch), '\(holder)', '\(status)', \(outcome), \(reason),
            '2026-11-22 10:00:10Z', \(endedAt), '\(cause)', \(counts))
        """
    }

    /// A turn that is over, with one thing wrong.
    private static func ended(
        outcome: String = "'empty'", reason: String = "'end_turn'", at: String = "'2026-11-22 10:00:20Z'",
        id: String = other, of session: String = session, epoch: Int = 3, holder: String = "alice",
        cause: String = "rpc", counts: String = "0, 0, 0, 0"
    ) -> String {
        turn(
            id: id, of: session, epoch: epoch, holder: holder, "ended", outcome, reason, at, cause: cause,
            counts: counts)
    }

    private static func incident(
        _ seq: Int, of session: String = session, finding: String = "no_frames", participant: String = "NULL"
    ) -> String {
        """
        INSERT INTO incidents (session_id, seq, at, finding, participant, detail, healed)
        VALUES (\(session), \(seq), now(), '\(finding)', \(participant), '', true)
        """
    }

    private static func method(_ handler: String, builtin: Bool) -> String {
        """
        INSERT INTO rpc_methods (session_id, name, handler_type, builtin, registered_at)
        VALUES (\(session), 'm', '\(handler)', \(builtin), now())
        """
    }

    static let cases: [(constraint: String, sql: String)] = [
        ("turns_pkey", ended(id: session)),
        ("turns_epoch_key", ended(epoch: 1)),
        ("turns_running_key", turn()),
        ("turns_running_key", turn("ending", "NULL", "'end_turn'")),
        ("turns_session_id_fkey", ended(of: other)),
        ("turns_session_is_live", ended(of: over)),
        ("turns_epoch_from_one", ended(epoch: 0)),
        ("turns_holder_length", ended(holder: "")),
        ("turns_status_is_known", turn("paused", "NULL", "'end_turn'")),
        ("turns_outcome_is_known", ended(outcome: "'fine'")),
        ("turns_end_reason_is_known", ended(reason: "'tired'")),
        ("turns_start_cause_is_known", ended(cause: "playout")),
        ("turns_outcome_when_ended", ended(outcome: "NULL")),
        ("turns_outcome_when_ended", turn("active", "'empty'")),
        ("turns_ended_at_when_ended", ended(at: "NULL")),
        ("turns_ended_at_when_ended", turn("active", "NULL", "NULL", "now()")),
        ("turns_end_reason_from_ending_on", ended(reason: "NULL")),
        ("turns_end_reason_from_ending_on", turn("ending")),
        ("turns_end_reason_from_ending_on", turn("active", "NULL", "'end_turn'")),
        ("turns_times_in_order", ended(at: "'2026-11-22 10:00:09Z'")),
        ("turns_counts_are_positive", ended(counts: "-1, 0, 0, 0")),
        ("turns_counts_are_positive", ended(counts: "0, 0, -1, 0")),
        ("turns_counts_are_positive", ended(counts: "0, 0, 0, -1")),
        ("turns_audio_adds_up", ended(counts: "21, 20, 0, 0")),
        ("turns_audio_adds_up", ended(counts: "0, 20, 21, 0")),
        ("turns_ended_never_changes", "UPDATE turns SET outcome = 'committed' WHERE epoch = 1"),
        (
            "turns_ended_never_changes",
            "UPDATE turns SET status = 'active', outcome = NULL, end_reason = NULL, ended_at = NULL WHERE epoch = 1"
        ),
        (
            "turns_status_never_goes_back",
            "UPDATE turns SET status = 'ending', end_reason = 'end_turn' WHERE epoch = 2; UPDATE turns SET status = 'active', end_reason = NULL WHERE epoch = 2"
        ),
        ("turns_identity_never_changes", "UPDATE turns SET holder = 'bob' WHERE epoch = 2"),
        ("turns_identity_never_changes", "UPDATE turns SET epoch = 4 WHERE epoch = 2"),
        ("turns_identity_never_changes", "UPDATE turns SET session_id = \(over) WHERE epoch = 2"),
        ("incidents_pkey", incident(1)),
        ("incidents_seq_from_one", incident(0)),
        ("incidents_finding_is_known", incident(2, finding: "boredom")),
        ("incidents_participant_length", incident(2, participant: "''")),
        ("incidents_session_id_fkey", incident(2, of: other)),
        ("incidents_session_is_live", incident(2, of: over)),
        ("incidents_never_change", "UPDATE incidents SET healed = false"),
        ("rpc_methods_handler_type_is_known", method("magic", builtin: true)),
        ("rpc_methods_builtin_handler_of_builtin", method("builtin", builtin: false)),
    ]

    @Test func everythingThatMustNeverBe_isRefusedByTheDatabase() async throws {
        let fixture = try await StoreFixture()
        for statement in Self.scene { try await fixture.sql(statement) }
        for (constraint, sql) in Self.cases {
            let steps = sql.split(separator: "; ").map { PostgresCommand(.unnamed(String($0))) }
            do throws(PostgresError) {
                _ = try await fixture.pool.transaction(steps)
                Issue.record("not refused: \(constraint): \(sql)")
            } catch {
                #expect(error.constraintName == constraint, "\(sql): \(error)")
            }
        }
        #expect(try await fixture.number("SELECT count(*) FROM turns") == 2)
        try await fixture.sql(Self.method("builtin", builtin: true))
    }

    @Test func deletingASession_takesItsTurnsAndIncidents() async throws {
        let fixture = try await StoreFixture()
        for statement in Self.scene { try await fixture.sql(statement) }
        try await fixture.sql("DELETE FROM sessions WHERE id = \(Self.session)")
        let left = "SELECT (SELECT count(*) FROM turns) + (SELECT count(*) FROM incidents)"
        #expect(try await fixture.number(left) == 0)
    }

    @Test func whoeverEndsASession_endsItsTurn() async throws {
        let fixture = try await StoreFixture()
        for statement in Self.scene { try await fixture.sql(statement) }
        try await fixture.sql(
            """
            UPDATE sessions SET status = 'failed', runtime_id = NULL, end_reason = 'internal_error',
                ended_at = '2026-11-22 12:00:00Z' WHERE id = \(Self.session)
            """)
        let rows = try await fixture.sql(
            "SELECT concat_ws(' ', status, outcome, end_reason, turngate_time(ended_at)) AS text FROM turns ORDER BY epoch"
        )
        #expect(
            try rows.map { try $0.get("text", as: String.self) } == [
                "ended empty end_turn 2026-11-22T10:00:20.000000Z",
                "ended cancelled session_ended 2026-11-22T12:00:00.000000Z",
            ])
    }
}
