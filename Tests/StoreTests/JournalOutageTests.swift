import Domain
import Foundation
import Logging
import Postgres
import Synchronization
import Testing
import TestSupport

@testable import Store

@Suite struct JournalOutageTests {
    @Test func anOutage_losesNothing_andKeepsTheOrder() async throws {
        let server = try await TemporaryPostgres.privateServer()
        let url = try await server.database()
        // The server is made to forget commits in a crash; this database is not.
        let session = try await PostgresSession.connect(PostgresConfiguration(connectionString: url))
        try await session.run(
            script:
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database()); END $$",
            timeout: .seconds(60))
        session.close()
        let fixture = try await StoreFixture(database: url, unavailableAfter: .seconds(2))
        var machines: [AgentStateMachine] = []
        for index in 0..<5 { machines.append(try await fixture.insertSession(identity: "a\(index)").machine) }
        let told = Mutex<[SessionID: [Int64]]>([:])
        let journal = fixture.journal { entries in
            told.withLock { told in
                for case .transition(let transition) in entries {
                    told[transition.sessionID, default: []].append(transition.seq)
                }
            }
        }
        var tickets: [JournalTicket] = []
        for round in 0..<60 {
            if round == 20 { try await server.stop(.immediate) }
            for index in machines.indices {
                tickets.append(try journal.append(try machines[index].walk(2).map { .transition($0) }))
            }
            if round == 40 {
                #expect(await tickets[tickets.count - 1].outcome(within: .milliseconds(50)) == .pending)
                await #expect(throws: TurngateError.storeUnavailable(detail: "PostgreSQL does not answer")) {
                    _ = try await fixture.sessions.session(machines[0].current.sessionID)
                }
                #expect(await PostgresReadiness(pool: fixture.pool).problem() == "PostgreSQL does not answer")
                try await server.start()
            }
        }
        var outcomes: Set<JournalOutcome> = []
        for ticket in tickets { outcomes.insert(await ticket.outcome(within: .seconds(60))) }
        #expect(outcomes == [.durable])
        #expect(await PostgresReadiness(pool: fixture.pool).problem() == nil)
        for machine in machines {
            #expect(try await fixture.rows(of: machine.current.sessionID).map(\.seq) == Array(1...121))
            #expect(told.withLock { $0[machine.current.sessionID] } == Array(2...121))
        }
    }

    /// Writes, and then says now and then that it does not know whether it has.
    private final class ForgetfulSink: JournalSink {
        let real: PostgresJournalSink
        let calls = Mutex(0)
        init(pool: PostgresPool) { real = PostgresJournalSink(pool: pool) }

        func write(_ units: [JournalUnit]) async throws(JournalFailure) -> [HistoryPlace: Timestamp] {
            let call = calls.withLock {
                $0 += 1; return $0
            }
            let starts = try await real.write(units)
            if call % 3 != 0 { throw .away("the reply to COMMIT was lost") }
            return starts
        }
    }

    @Test func lostCommitReplies_makeNoDoubles_andTheEndIsWrittenOnce() async throws {
        let fixture = try await StoreFixture()
        var (session, machine) = try await fixture.insertSession()
        let told = Mutex<[JournalEntry]>([])
        var configuration = JournalConfiguration()
        configuration.backoff = .milliseconds(1) ... .milliseconds(2)
        configuration.batchLimit = 3
        let journal = JournalWriter(
            sink: ForgetfulSink(pool: fixture.pool), events: PlainEvents(), clock: SystemClock(), metrics: nil,
            logger: Logger(label: "test"), configuration: configuration
        ) { entries in told.withLock { $0 += entries } }
        let receipt = NotificationReceipt(
            id: NotificationID(at: StoreFixture.start), sessionID: session.id, method: "m", trigger: .api,
            agentStateSeq: 3,
            createdAt: StoreFixture.start, completedAt: StoreFixture.start,
            recipients: [RecipientReceipt(identity: "bob", outcome: .acknowledged, response: "")])
        var entries = try machine.walk(10).map { JournalEntry.transition($0) }
        entries.append(.notification(receipt))
        entries.append(
            session.progress {
                $0.status = .active; $0.activatedAt = $0.createdAt
            })
        entries.append(
            session.progress {
                $0.status = .reconnecting; $0.activatedAt = $0.createdAt
            })
        entries.append(session.ended(after: .seconds(60)))
        let tickets = try entries.map { try journal.append([$0]) }
        for ticket in tickets { #expect(await ticket.outcome(within: .seconds(60)) == .durable) }
        #expect(told.withLock { $0 } == entries)
        #expect(try await fixture.rows(of: session.id).map(\.seq) == Array(1...11))
        #expect(try await fixture.sessions.session(session.id)?.status == .ended)
        #expect(try await fixture.sessions.notification(session.id, receipt.id) == receipt)
        let events = try await fixture.events(.session(session.id))
        let steps = Array(repeating: "agent_state.changed", count: 11)
        #expect(events.map(\.type) == ["session.created"] + steps + ["turn_notification.completed", "session.ended"])
        #expect(events.map(\.seq) == Array(1...14))
    }

    /// Never writes; waits until it is let go.
    private final class DeadSink: JournalSink {
        func write(_ units: [JournalUnit]) async throws(JournalFailure) -> [HistoryPlace: Timestamp] {
            throw .away("gone")
        }
    }

    private func deadJournal(_ limit: Int) -> JournalWriter {
        var configuration = JournalConfiguration()
        configuration.queueLimit = limit
        configuration.backoff = .milliseconds(1) ... .milliseconds(5)
        return JournalWriter(
            sink: DeadSink(), events: PlainEvents(), clock: SystemClock(), metrics: nil,
            logger: Logger(label: "test"), configuration: configuration
        ) { _ in }
    }

    @Test func theQueue_isBounded_andTakesAllOrNothing() async throws {
        let journal = deadJournal(10)
        var machine = AgentStateMachine(sessionID: SessionID(at: StoreFixture.start), at: StoreFixture.start)
        let entries = try machine.walk(11).map { JournalEntry.transition($0) }
        #expect(throws: TurngateError.overloaded("the journal is full")) { try journal.append(entries) }
        _ = try journal.append(Array(entries[..<8]))
        #expect(throws: TurngateError.overloaded("the journal is full")) { try journal.append(Array(entries[8...])) }
        let ticket = try journal.append(Array(entries[8..<10]))
        #expect(await ticket.outcome(within: .zero) == .pending)
        #expect(await ticket.outcome(within: .milliseconds(5)) == .pending)
        #expect(await journal.close(deadline: .milliseconds(20)) == 10)
        #expect(throws: TurngateError.shuttingDown) { try journal.append(entries) }
        #expect(await (try deadJournal(1).append([])).outcome(within: .zero) == .durable)
    }

    @Test func aCancelledWaiter_isNotKept() async throws {
        let journal = deadJournal(10)
        var machine = AgentStateMachine(sessionID: SessionID(at: StoreFixture.start), at: StoreFixture.start)
        let ticket = try journal.append(try machine.walk(1).map { .transition($0) })
        let waiter = Task { await ticket.outcome(within: .seconds(3600)) }
        waiter.cancel()
        #expect(await waiter.value == .pending)
        #expect(await journal.close(deadline: .zero) == 1)
    }
}
