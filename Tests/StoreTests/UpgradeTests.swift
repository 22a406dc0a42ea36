import Domain
import Foundation
import Logging
import Migrations
import Postgres
import Store
import TestSupport
import Testing

/// A database with data of the version before turns.
@Suite struct UpgradeTests {
    private static let version = 6
    private static let id = SessionID(uuid: UUID(uuid: (1, 147, 0, 0, 0, 0, 112, 0, 128, 0, 0, 0, 0, 0, 0, 1)))

    private func migrator(_ url: String, _ migrations: [Migration]) -> Migrator {
        Migrator(
            PostgresConfiguration(connectionString: url), migrations: migrations,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    /// A database at `version` with a live session (one method, two rows of
    /// history) whose process is gone.
    private func oldDatabase(version: Int = version) async throws -> String {
        let url = try await TemporaryPostgres.database()
        _ = try await migrator(url, Array(Migration.all.prefix(version))).up()
        let session = try await PostgresSession.connect(StoreFixture.configuration(url))
        defer { session.close() }
        try await session.run(script: Self.data, timeout: .seconds(60))
        return url
    }

    /// The default policy as that version wrote it.
    private static let policy = """
        {"mode": "manual", "align": "heard", "notify_on": ["listening"], "closed_gate": "drop", "max_turn_ms": 60000,
        "pre_roll_ms": 500, "notification": {"method": "your_turn_to_speak", "payload": "",
        "response_timeout_ms": 5000}, "open_audio_on": ["idle", "listening"],
        "close_audio_on": ["thinking", "speaking"], "keep_turn_audio": false, "allow_interruptions": true}
        """

    private static let data = """
        INSERT INTO runtimes (id, host, boot_id, pid, start_ticks, heartbeat_at)
            VALUES ('\(id.uuid)', 'h', 'b', 1, 1, '2026-11-22 10:00:30Z');
        INSERT INTO sessions (id, runtime_id, room, status, agent_identity, agent_name, agent_metadata,
            agent_attributes, turn_policy, labels, metadata, created_at)
            VALUES ('\(id.uuid)', '\(id.uuid)', 'room', 'connecting', 'agent', '', '', '{}', '\(policy)', '{}', '{}',
                '2026-11-22 10:00:00Z');
        INSERT INTO agent_state_transitions (session_id, seq, at, old_state, new_state, cause) VALUES
            ('\(id.uuid)', 1, '2026-11-22 10:00:01Z', NULL, 'initializing', 'connection'),
            ('\(id.uuid)', 2, '2026-11-22 10:00:02Z', 'initializing', 'listening', 'api');
        INSERT INTO rpc_methods (session_id, name, handler_type, static_response, builtin, registered_at)
            VALUES ('\(id.uuid)', 'answer', 'static', '42', false, '2026-11-22 10:00:00Z');
        """

    @Test func dataFromBefore_isThere_andHasNoTurnsAndNoBuiltinMethods() async throws {
        let url = try await oldDatabase()
        let applied = try await migrator(url, Migration.all).up()
        #expect(applied == Array(Migration.all.dropFirst(Self.version)))
        let fixture = try await StoreFixture(database: url)
        let session = try #require(try await fixture.sessions.session(Self.id))
        #expect(session.spec.turnPolicy == TurnPolicy())
        #expect(session.rpcMethods == ["answer"])
        #expect(session.spec.rpcMethods == [RPCMethodSpec(name: "answer", handler: .static(response: "42"))])
        #expect(session.agentState == .listening && session.status == .connecting)
        #expect(try await fixture.sessions.methods(Self.id).map(\.builtin) == [false])
        #expect(try await fixture.sessions.turns(Self.id, TurnQuery()).turns.isEmpty)
        #expect(try await fixture.history.summary(Self.id, now: StoreFixture.start)?.turns == 0)
        #expect(try await fixture.registry.bury(RuntimeID(uuid: Self.id.uuid)) == [Self.id])
        #expect(try await fixture.sessions.session(Self.id)?.end?.reason == .runtimeLost)
    }

    @Test func aSessionFromBefore_thatGoesOn_canHaveTurnsAndBuiltinMethods() async throws {
        let fixture = try await StoreFixture(database: try await oldDatabase())
        let session = try #require(try await fixture.sessions.session(Self.id))
        let builtin = RPCMethodReport(
            spec: RPCMethodSpec.builtins[0], builtin: true, registeredAt: StoreFixture.start)
        try await fixture.sessions.insertMethod(Self.id, builtin)
        let turn = session.turn(1)
        let ticket = try fixture.journal().append([.turn(turn), .incident(session.incident(1))])
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)
        #expect(try await fixture.sessions.methods(Self.id).last == builtin)
        #expect(try await fixture.sessions.turn(Self.id, turn.id) == turn)
    }

    @Test func aSessionFromBeforeEvents_thatGoesOn_isToldOfFromThenOn() async throws {
        let fixture = try await StoreFixture(database: try await oldDatabase(version: 9))
        #expect(try await fixture.events().isEmpty)
        let session = try #require(try await fixture.sessions.session(Self.id))
        #expect(session.createdBy == nil && session.newWebhooks.isEmpty)
        #expect(session.spec.rpcMethods == [RPCMethodSpec(name: "answer", handler: .static(response: "42"))])
        let call = RPCInvocationRecord(
            id: InvocationID(at: StoreFixture.start), sessionID: Self.id, direction: .in, method: "answer",
            participant: "alice", startedAt: StoreFixture.start, duration: .zero, outcome: .answered)
        let ticket = try fixture.journal().append([.incident(session.incident(1)), .invocation(call)])
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)
        #expect(try await fixture.registry.bury(RuntimeID(uuid: Self.id.uuid)) == [Self.id])
        let events = try await fixture.events()
        #expect(events.map(\.type) == ["incident.found", "rpc.invoked", "session.failed"])
        #expect(events.map(\.seq) == [1, 2, 3])
        #expect(try await fixture.sessions.defaultMethods().isEmpty)
    }
}
