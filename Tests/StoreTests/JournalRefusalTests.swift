import Domain
import Foundation
import Logging
import Postgres
import Synchronization
import Testing

@testable import Store

/// What becomes of entries that PostgreSQL will never take.
@Suite struct JournalRefusalTests {
    @Test func whatIsRefused_isTold_beforeItsTicketSaysSo_andNothingElseIs() async throws {
        let fixture = try await StoreFixture()
        let durable = Mutex<[JournalEntry]>([])
        let refused = Mutex<[JournalEntry]>([])
        let journal = fixture.journal(
            onDurable: { entries in durable.withLock { $0 += entries } },
            onRefused: { entries in refused.withLock { $0 += entries } })
        var (_, machine) = try await fixture.insertSession()
        let good = try machine.walk(2).map { JournalEntry.transition($0) }
        let missing = try machine.walk(1)
        let bad = try machine.walk(2).map { JournalEntry.transition($0) }
        let tickets = [try journal.append(good), try journal.append(bad)]
        #expect(missing.count == 1)
        #expect(await tickets[1].outcome(within: .seconds(20)) == .refused)
        #expect(refused.withLock { $0 } == bad)
        #expect(await tickets[0].outcome(within: .seconds(20)) == .durable)
        #expect(durable.withLock { $0 } == good)
    }

    @Test func outboxThatRefusesForAMoment_losesNothing() async throws {
        let fixture = try await StoreFixture()
        let journal = fixture.journal()
        var (_, machine) = try await fixture.insertSession()
        // Twice, as when a webhook goes that the transaction still sees.
        try await fixture.sql("CREATE SEQUENCE refusals")
        try await fixture.sql(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('refusals') <= 2 THEN
                    RAISE EXCEPTION 'gone' USING ERRCODE = 'foreign_key_violation', TABLE = 'webhook_lanes',
                        CONSTRAINT = 'webhook_lanes_webhook_id_fkey';
                END IF;
                RETURN NEW;
            END $$
            """)
        try await fixture.sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse()")
        let ticket = try journal.append(try machine.walk(1).map { .transition($0) })
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)
        #expect(try await fixture.number("SELECT nextval('refusals')") > 3)
    }

    @Test func outboxThatRefusesForEver_isWaitedForOnlySoLong() async throws {
        let fixture = try await StoreFixture()
        let sink = ScriptedSink { _ throws(JournalFailure) in throw .outboxRefused("a lane") }
        sink.open()
        var configuration = JournalConfiguration()
        configuration.backoff = .milliseconds(1) ... .milliseconds(2)
        let journal = JournalWriter(
            sink: sink, events: PlainEvents(), clock: SystemClock(), metrics: nil, logger: LogRecorder().logger,
            configuration: configuration)
        var machine = AgentStateMachine(sessionID: fixture.makeSession().id, at: StoreFixture.start)
        let ticket = try journal.append(try machine.walk(1).map { .transition($0) })
        #expect(await ticket.outcome(within: .seconds(60)) == .refused)
        #expect(sink.sizes.count == 8)
    }

    @Test func theEndOfAnUnknownSession_isRefusedQuietly_andNothingElseWithIt() async throws {
        let fixture = try await StoreFixture()
        let log = LogRecorder()
        let journal = fixture.journal(logger: log.logger)
        var (_, machine) = try await fixture.insertSession()
        let unknown = fixture.makeSession(identity: "unknown")
        let tickets = [
            try journal.append(try machine.walk(1).map { .transition($0) }),
            try journal.append([unknown.ended(after: .seconds(1), reason: .internalError)]),
            try journal.append(try machine.walk(1).map { .transition($0) }),
        ]
        #expect(await tickets[0].outcome(within: .seconds(20)) == .durable)
        #expect(await tickets[1].outcome(within: .seconds(20)) == .refused)
        #expect(await tickets[2].outcome(within: .seconds(20)) == .durable)
        #expect(log.levels == [.info])
        #expect(try await fixture.number("SELECT count(*) FROM sessions") == 1)
    }

    @Test func anythingElseAboutAnUnknownSession_isAnError() async throws {
        let fixture = try await StoreFixture()
        let log = LogRecorder()
        let journal = fixture.journal(logger: log.logger)
        let unknown = fixture.makeSession(identity: "unknown")
        var machine = AgentStateMachine(sessionID: unknown.id, at: unknown.createdAt)
        let step = try machine.walk(1).map { JournalEntry.transition($0) }
        let tickets = [
            try journal.append([unknown.ended(after: .seconds(1))] + step),
            try journal.append([unknown.progress { $0.status = .ending }]),
        ]
        for ticket in tickets { #expect(await ticket.outcome(within: .seconds(20)) == .refused) }
        #expect(log.levels == [.error, .error, .error])
    }

    /// Milliseconds: of the server's limits for a statement and for a lock, and
    /// of our own; the others are long.
    @Test(arguments: [(200, 60_000, 60_000), (60_000, 200, 60_000), (60_000, 60_000, 3000)])
    func whatPostgresDoesNotGetDoneWith_isOverdue(statement: Int, lock: Int, query: Int) async throws {
        let fixture = try await StoreFixture()
        var (_, machine) = try await fixture.insertSession()
        var configuration = StoreFixture.configuration(fixture.url)
        configuration.statementTimeout = .milliseconds(statement)
        configuration.lockTimeout = .milliseconds(lock)
        configuration.queryTimeout = .milliseconds(query)
        let pool = try PostgresPool(configuration, logger: Logger(label: "test"))
        try await pool.ping(timeout: .seconds(60))
        let blocker = try await fixture.blocker("LOCK TABLE agent_state_transitions IN SHARE MODE")
        let unit = JournalUnit(
            entries: try machine.walk(1).map { .transition($0) }, events: [], ticket: JournalTicketState())
        do throws(JournalFailure) {
            _ = try await PostgresJournalSink(pool: pool).write([unit])
            Issue.record("written")
        } catch {
            if case .overdue = error {} else { Issue.record("\(error)") }
        }
        blocker.close()
        await pool.close()
    }
}
