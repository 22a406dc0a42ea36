import Domain
import Foundation
import Postgres
import Testing

@testable import Store

/// What guards look at does not grow with the tables, whenever their plans were made.
@Suite struct GuardPlanTests {
    @Test func guards_lookRowsUpByTheirKeys_alsoInTablesThatWereSmallWhenTheyWerePlanned() async throws {
        let fixture = try await StoreFixture()
        let session = try await fixture.insertSession().session
        try await fixture.sql("ANALYZE")
        let connection = try await PostgresSession.connect(StoreFixture.configuration(fixture.url))
        // These statistics are of the transaction alone.
        try await connection.run(
            script: """
                BEGIN;
                SELECT sessions_open_to_journal(ARRAY['\(session.id.uuid)'::uuid]);
                INSERT INTO agent_state_transitions (session_id, seq, at, old_state, new_state, cause)
                VALUES ('\(session.id.uuid)', 2, '2026-12-01Z', 'initializing', 'listening', 'api'),
                    ('\(session.id.uuid)', 3, '2026-12-01Z', 'listening', 'thinking', 'api');
                INSERT INTO turns (id, session_id, epoch, holder, status, started_at, start_cause, pre_roll_ms,
                    audio_ms, speech_ms, dropped_frames)
                VALUES (gen_random_uuid(), '\(session.id.uuid)', 1, 'alice', 'active', '2026-12-01Z', 'rpc', 0, 0, 0, 0);
                """, timeout: .seconds(60))
        let scans = try await connection.query(
            """
            SELECT coalesce(string_agg(relname, ' '), '') FROM pg_stat_xact_user_tables
            WHERE seq_scan > 0 AND relname IN ('agent_state_transitions', 'turns')
            """, timeout: .seconds(60))
        #expect(try scans[0].get(0, as: String.self) == "")
        connection.close()
    }

    @Test func predecessorsThatAreKnown_areNotAskedFor() async throws {
        let fixture = try await StoreFixture()
        var (session, machine) = try await fixture.insertSession()
        let ticket = JournalTicketState()
        func unit(_ entries: [JournalEntry]) -> JournalUnit {
            JournalUnit(entries: entries, events: [], ticket: ticket)
        }
        let (second, third) = (try machine.next(.listening), try machine.next(.thinking))
        var latest = LatestSteps()
        #expect(JournalBatch([unit([.transition(second)])], known: latest).placeOfPredecessors != nil)
        latest.take([unit([.transition(second)])])
        let next = [unit([.transition(third)])]
        let batch = JournalBatch(next, known: latest.about(next))
        #expect(batch.placeOfPredecessors == nil)
        #expect(batch.knownStarts == [HistoryPlace(session: session.id, seq: 3): second.at])
        latest.take([unit([session.ended(after: .seconds(9))])])
        #expect(JournalBatch(next, known: latest).placeOfPredecessors != nil)
    }
}
