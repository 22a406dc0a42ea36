import Domain
import Foundation
import Postgres
import Testing

/// What must never be, tried by SQL past all of our own code. Every case says
/// which constraint stands in the way.
@Suite struct SchemaTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let constraint: String
        let sql: String
        var testDescription: String { "\(constraint): \(sql.prefix(80))" }
        init(_ constraint: String, _ sql: String) {
            self.constraint = constraint
            self.sql = sql
        }
    }

    private static let session = "'01930000-0000-7000-8000-000000000001'::uuid"
    private static let over = "'01930000-0000-7000-8000-000000000002'::uuid"
    private static let runtime = "'01930000-0000-7000-8000-00000000000a'::uuid"
    private static let other = "'01930000-0000-7000-8000-0000000000ff'::uuid"

    /// A live session with rows 1…3 (the last at 10:00:03, listening), and one that is over.
    private static let scene = """
        INSERT INTO runtimes (id, host, boot_id, pid, start_ticks) VALUES (\(runtime), 'h', 'b', 1, 1);
        \(insertSession(id: session));
        INSERT INTO agent_state_transitions (session_id, seq, at, old_state, new_state, cause) VALUES
            (\(session), 1, '2026-11-22 10:00:01Z', NULL, 'initializing', 'connection'),
            (\(session), 2, '2026-11-22 10:00:02Z', 'initializing', 'idle', 'api'),
            (\(session), 3, '2026-11-22 10:00:03Z', 'idle', 'listening', 'api');
        \(insertSession(id: over, identity: "two"));
        INSERT INTO agent_state_transitions (session_id, seq, at, old_state, new_state, cause) VALUES
            (\(over), 1, '2026-11-22 10:00:01Z', NULL, 'initializing', 'connection');
        UPDATE sessions SET status = 'ended', runtime_id = NULL, ended_at = '2026-11-22 11:00:00Z', end_reason = 'deleted'
            WHERE id = \(over);
        INSERT INTO rpc_methods (session_id, name, handler_type, builtin, registered_at)
            VALUES (\(session), 'echo', 'echo', false, now());
        INSERT INTO turn_notifications (id, session_id, method, trigger, agent_state_seq, created_at, completed_at)
            VALUES (\(session), \(session), 'm', 'api', 3, now(), now());
        INSERT INTO events (id, session_id, room, seq, type, at, data)
            VALUES (\(session), \(session), 'room', 1, 'gate.changed', now(), '{}');
        INSERT INTO rpc_invocations (id, session_id, direction, method, participant, started_at, duration_us, outcome)
            VALUES (\(session), \(session), 'in', 'm', 'alice', now(), 1, 'answered');
        INSERT INTO default_rpc_methods (name, handler_type, keep_payloads) VALUES ('echo', 'echo', false);
        """

    private static func insertSession(
        id: String, runtime: String = SchemaTests.runtime, room: String = "room", status: String = "connecting",
        identity: String = "agent", labels: String = "{}", metadata: String = "{}", rest: (String, String) = ("", "")
    ) -> String {
        """
        INSERT INTO sessions (id, runtime_id, room, status, agent_identity, agent_name, agent_metadata,
            agent_attributes, turn_policy, labels, metadata, created_at\(rest.0))
        VALUES (\(id), \(runtime), '\(room)', '\(status)', '\(identity)', '', '', '{}', '{}', '\(labels)',
            '\(metadata)', '2026-11-22 10:00:00Z'\(rest.1))
        """
    }

    private static func transition(
        _ seq: Int, _ old: String?, _ new: String, at: String = "2026-11-22 10:00:04Z", session: String = session,
        cause: String = "api"
    ) -> String {
        """
        INSERT INTO agent_state_transitions (session_id, seq, at, old_state, new_state, cause)
        VALUES (\(session), \(seq), '\(at)', \(old.map { "'\($0)'" } ?? "NULL"), '\(new)', '\(cause)')
        """
    }

    private static func recipient(_ columns: String, _ values: String) -> String {
        """
        INSERT INTO turn_notification_recipients (notification_id, position, identity, outcome\(columns))
        VALUES (\(session), 0, 'alice', \(values))
        """
    }

    private static func event(
        id: String = other, session: String = session, seq: Int = 2, type: String = "gate.changed",
        trace: String = "NULL", data: String = "'{}'"
    ) -> String {
        """
        INSERT INTO events (id, session_id, room, seq, type, at, traceparent, data)
        VALUES (\(id), \(session), 'room', \(seq), '\(type)', now(), \(trace), \(data))
        """
    }

    private static func invocation(_ columns: String, _ values: String, outcome: String = "failed") -> String {
        """
        INSERT INTO rpc_invocations (id, session_id, direction, method, participant, started_at, duration_us, outcome\(columns))
        VALUES (\(other), \(session), 'in', 'm', 'alice', now(), 1, '\(outcome)'\(values))
        """
    }

    /// The columns that say what answers are the same in both tables.
    private static func handlers(of table: String) -> [Case] {
        func change(_ type: String, _ handler: String, _ rest: String = "") -> String {
            "UPDATE \(table) SET handler_type = '\(type)', handler = \(handler)\(rest)"
        }
        return [
            Case("\(table)_handler_type_is_known", change("magic", "NULL")),
            Case("\(table)_handler_of_type", change("queue", "NULL")),
            Case("\(table)_handler_of_type", change("echo", "'{}'")),
            Case("\(table)_handler_is_object", change("queue", "'[]'")),
            Case("\(table)_handler_url_of_webhook", change("webhook", "'{}'")),
            Case("\(table)_handler_url_of_webhook", change("queue", #"'{"url":"x"}'"#)),
            Case("\(table)_handler_timeout_is_positive", change("queue", #"'{"timeout_ms":0}'"#)),
            Case(
                "\(table)_handler_length",
                change("queue", "jsonb_build_object('x', repeat('x', 262144))")),
            Case("\(table)_allowed_callers_is_object", "UPDATE \(table) SET allowed_callers = '[]'"),
        ]
    }

    static let cases: [Case] = base + added + handlers(of: "rpc_methods") + handlers(of: "default_rpc_methods")

    private static let added: [Case] = [
        Case("sessions_created_by_length", "UPDATE sessions SET created_by = repeat('x', 1025) WHERE id = \(session)"),
        Case("default_rpc_methods_handler_type_is_known", "UPDATE default_rpc_methods SET handler_type = 'builtin'"),
        // Events.
        Case("events_id_key", event(id: session)),
        Case("events_seq_key", event(seq: 1)),
        Case("events_seq_from_one", event(seq: 0)),
        Case("events_session_id_fkey", event(session: other)),
        Case("events_type_is_word", event(type: "gate")),
        Case("events_traceparent_is_well_formed", event(trace: "'00-x'")),
        Case("events_data_is_object", event(data: "'[]'")),
        Case("events_data_is_one_line", event(data: "E'{\\n}'")),
        Case("events_data_length", event(data: "json_build_object('x', repeat('x', 524288))")),
        Case("events_never_change", "UPDATE events SET type = 'turn.started'"),
        Case("events_never_go", "DELETE FROM events"),
        // Invocations.
        Case("rpc_invocations_outcome_is_known", invocation("", "", outcome: "lost")),
        Case(
            "rpc_invocations_error_unless_answered",
            invocation(", error_code, error_message", ", 1, ''", outcome: "answered")),
        Case("rpc_invocations_error_is_whole", invocation(", error_code", ", 1")),
        Case("rpc_invocations_error_code_is_uint32", invocation(", error_code, error_message", ", -1, ''")),
        Case("rpc_invocations_text_length", invocation(", payload", ", repeat('x', 65537)")),
        Case("rpc_invocations_never_change", "UPDATE rpc_invocations SET method = 'n'"),
    ]

    private static let base: [Case] = [
        // Sessions.
        Case("sessions_live_identity_key", insertSession(id: other)),
        Case("sessions_runtime_id_fkey", insertSession(id: other, runtime: other, identity: "x")),
        Case("sessions_runtime_id_fkey", "DELETE FROM runtimes"),
        Case("sessions_held_while_live", insertSession(id: other, runtime: "NULL", identity: "x")),
        Case("sessions_status_is_known", insertSession(id: other, status: "asleep", identity: "x")),
        Case("sessions_room_length", insertSession(id: other, room: "")),
        Case("sessions_agent_identity_length", insertSession(id: other, identity: "")),
        Case("sessions_labels_are_texts", insertSession(id: other, identity: "x", labels: #"{"a": 1}"#)),
        Case("sessions_metadata_is_object", insertSession(id: other, identity: "x", metadata: "[]")),
        Case(
            "sessions_ended_at_when_final",
            insertSession(id: other, identity: "x", rest: (", ended_at", ", '2026-11-22 10:00:00Z'"))),
        Case(
            "sessions_end_reason_when_final",
            insertSession(id: other, identity: "x", rest: (", end_reason", ", 'deleted'"))),
        Case(
            "sessions_end_reason_is_known", insertSession(id: other, identity: "x", rest: (", end_reason", ", 'tired'"))
        ),
        Case("sessions_activated_at_when_active", insertSession(id: other, status: "active", identity: "x")),
        Case(
            "sessions_times_in_order",
            insertSession(
                id: other, status: "active", identity: "x", rest: (", activated_at", ", '2026-11-22 09:00:00Z'"))),
        Case(
            "sessions_durations_are_positive",
            insertSession(id: other, identity: "x", rest: (", max_duration_ms", ", -1"))),
        Case("sessions_final_never_changes", "UPDATE sessions SET labels = '{}' WHERE id = \(over)"),
        Case(
            "sessions_final_never_changes",
            "UPDATE sessions SET status = 'connecting', runtime_id = \(runtime), ended_at = NULL, end_reason = NULL WHERE id = \(over)"
        ),
        Case(
            "sessions_status_never_goes_back",
            "UPDATE sessions SET status = 'ending' WHERE id = \(session); UPDATE sessions SET status = 'connecting' WHERE id = \(session)"
        ),
        Case("sessions_identity_never_changes", "UPDATE sessions SET room = 'elsewhere' WHERE id = \(session)"),
        // Transitions.
        Case("agent_state_transitions_pkey", transition(3, "idle", "thinking")),
        Case("agent_state_transitions_without_hole", transition(5, "listening", "thinking")),
        Case("agent_state_transitions_without_hole", transition(4, "idle", "thinking")),
        Case(
            "agent_state_transitions_without_hole",
            transition(4, "listening", "thinking", at: "2026-11-22 10:00:02.999999Z")),
        Case("agent_state_transitions_seq_from_one", transition(0, "listening", "thinking")),
        Case("agent_state_transitions_first_has_no_old_state", transition(4, nil, "thinking")),
        Case("agent_state_transitions_initializing_is_first", transition(4, "listening", "initializing")),
        Case("agent_state_transitions_state_changes", transition(4, "listening", "listening")),
        Case("agent_state_transitions_new_state_is_known", transition(4, "listening", "dancing")),
        Case("agent_state_transitions_old_state_is_known", transition(4, "dancing", "listening")),
        Case("agent_state_transitions_cause_is_known", transition(4, "listening", "thinking", cause: "whim")),
        Case("agent_state_transitions_session_id_fkey", transition(1, nil, "initializing", session: other)),
        Case(
            "agent_state_transitions_session_is_live",
            transition(2, "initializing", "idle", at: "2026-11-22 10:30:00Z", session: over)),
        Case(
            "agent_state_transitions_never_change", "UPDATE agent_state_transitions SET reason = 'other' WHERE seq = 1"),
        Case("agent_state_transitions_never_go", "DELETE FROM agent_state_transitions WHERE seq = 3"),
        // Methods.
        Case(
            "rpc_methods_pkey",
            "INSERT INTO rpc_methods (session_id, name, handler_type, builtin, registered_at) VALUES (\(session), 'echo', 'echo', false, now())"
        ),
        Case(
            "rpc_methods_static_response_of_static",
            "INSERT INTO rpc_methods (session_id, name, handler_type, builtin, registered_at) VALUES (\(session), 'm', 'static', false, now())"
        ),
        Case("rpc_methods_usage_adds_up", "UPDATE rpc_methods SET errors = 1"),
        // Receipts.
        Case(
            "turn_notifications_agent_state_fkey",
            "INSERT INTO turn_notifications (id, session_id, method, trigger, agent_state_seq, created_at, completed_at) VALUES (\(other), \(session), 'm', 'api', 9, now(), now())"
        ),
        Case("turn_notifications_trigger_is_known", "UPDATE turn_notifications SET trigger = 'whim'"),
        Case(
            "turn_notifications_times_in_order",
            "UPDATE turn_notifications SET completed_at = created_at - interval '1 s'"),
        Case("turn_notification_recipients_outcome_is_known", recipient("", "'pending'")),
        Case("turn_notification_recipients_response_of_acknowledged", recipient(", response", "'timeout', 'ok'")),
        Case(
            "turn_notification_recipients_error_of_others",
            recipient(", error_code, error_message", "'acknowledged', 1, 'no'")),
        Case("turn_notification_recipients_error_is_whole", recipient(", error_code", "'failed', 1")),
        Case("turn_notification_recipients_latency_is_positive", recipient(", latency_us", "'failed', -1")),
    ]

    @Test func everythingThatMustNeverBe_isRefusedByTheDatabase() async throws {
        let fixture = try await StoreFixture()
        for statement in Self.scene.split(separator: ";\n") { try await fixture.sql(String(statement)) }
        for item in Self.cases {
            let steps = item.sql.split(separator: "; ").map { PostgresCommand(.unnamed(String($0))) }
            do throws(PostgresError) {
                _ = try await fixture.pool.transaction(steps)
                Issue.record("not refused: \(item.testDescription)")
            } catch {
                #expect(error.constraintName == item.constraint, "\(item.sql): \(error)")
            }
        }
    }

    @Test func deletingASession_takesAllThatBelongsToIt() async throws {
        let fixture = try await StoreFixture()
        for statement in Self.scene.split(separator: ";\n") { try await fixture.sql(String(statement)) }
        try await fixture.sql(Self.recipient("", "'acknowledged'"))
        try await fixture.sql("DELETE FROM sessions WHERE id = \(Self.session)")
        let left = """
            SELECT (SELECT count(*) FROM agent_state_transitions WHERE session_id = $1)
                + (SELECT count(*) FROM rpc_methods) + (SELECT count(*) FROM turn_notifications)
                + (SELECT count(*) FROM turn_notification_recipients) + (SELECT count(*) FROM events)
                + (SELECT count(*) FROM rpc_invocations)
            """
        let id = try #require(UUID(uuidString: "01930000-0000-7000-8000-000000000001"))
        #expect(try await fixture.number(left, [.uuid(id)]) == 0)
    }

    @Test func anIdentity_isFreeAgainWhenItsSessionIsOver() async throws {
        let fixture = try await StoreFixture()
        for statement in Self.scene.split(separator: ";\n") { try await fixture.sql(String(statement)) }
        try await fixture.sql(Self.insertSession(id: Self.other, identity: "two"))
    }

    @Test func ids_areWrittenAsDomainWritesThem() async throws {
        let fixture = try await StoreFixture()
        var ids = (0..<500).map { _ in SessionID(uuid: UUID()) }
        ids.append(SessionID(uuid: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))))
        ids.append(
            SessionID(
                uuid: UUID(uuid: (255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255))))
        let rows = try await fixture.sql(
            "SELECT turngate_id('ses', id) AS text FROM unnest($1::uuid[]) WITH ORDINALITY AS g (id, n) ORDER BY n",
            [.uuidArray(ids.map(\.uuid))])
        #expect(try rows.map { try $0.get("text", as: String.self) } == ids.map(\.description))
        #expect(ids.last?.description == "ses_7ZZZZZZZZZZZZZZZZZZZZZZZZZ")
    }
}
