import Domain
import Foundation
import Postgres
import TestSupport
import Testing

/// An insert of which nobody hears whether it was done.
@Suite struct UncertainInsertTests {
    private struct Scene {
        let fixture: StoreFixture
        let blocker: PostgresSession
        let session: Session
        let insert: Task<TurngateError?, Never>

        /// An insert that waits for the table.
        init() async throws {
            fixture = try await StoreFixture()
            blocker = try await fixture.blocker("LOCK TABLE sessions IN SHARE MODE")
            session = fixture.makeSession()
            insert = Task { [fixture, session] in
                let first = AgentStateMachine(sessionID: session.id, at: session.createdAt).current
                do throws(TurngateError) {
                    try await fixture.sessions.insert(session, first: first, owner: fixture.runtime.id)
                    return nil
                } catch {
                    return error
                }
            }
        }

        /// The server's process that waits; asked over the blocker's own
        /// connection, as others may be behind the one that waits.
        func waiter(after last: Int = 0) async throws -> Int {
            var pid = 0
            let found = try await eventually(within: .seconds(60)) { try await waiters(except: last) > 0 }
            try #require(found)
            pid = try await waiters(except: last)
            return pid
        }

        private func waiters(except last: Int) async throws -> Int {
            let sql = """
                SELECT coalesce(max(pid), 0) FROM pg_locks
                WHERE relation = 'sessions'::regclass AND NOT granted AND pid <> \(last)
                """
            return try await #require(blocker.query(sql, [], timeout: .seconds(60)).first).get(0)
        }

        /// What the supervisor says about a session that it gives up.
        func giveUp() async throws -> JournalOutcome {
            let entry = session.ended(after: .seconds(1), reason: .internalError)
            return try await fixture.journal().append([entry]).outcome(within: .seconds(60))
        }
    }

    @Test func insert_thatIsCancelledAndYetDone_isStoreUnavailable_andItsEndFreesTheIdentity() async throws {
        let scene = try await Scene()
        _ = try await scene.waiter()
        scene.insert.cancel()
        #expect(await scene.insert.value == .storeUnavailable(detail: "PostgreSQL does not answer"))
        try await scene.blocker.run(script: "COMMIT", timeout: .seconds(60))
        let (store, id) = (scene.fixture.sessions, scene.session.id)
        #expect(try await eventually(within: .seconds(60)) { try await store.session(id)?.status == .connecting })

        #expect(try await scene.giveUp() == .durable)
        let stored = try #require(try await store.session(id))
        #expect(stored.status == .failed && stored.end?.reason == .internalError)
        try await scene.fixture.insertSession(after: .seconds(1))
        scene.blocker.close()
    }

    @Test func insert_whoseConnectionsBreak_isStoreUnavailable_andItsEndDoesNoHarm() async throws {
        let scene = try await Scene()
        var pid = 0
        for _ in 0..<2 {
            pid = try await scene.waiter(after: pid)
            try await scene.blocker.run(script: "SELECT pg_terminate_backend(\(pid))", timeout: .seconds(60))
        }
        #expect(await scene.insert.value == .storeUnavailable(detail: "PostgreSQL does not answer"))
        try await scene.blocker.run(script: "COMMIT", timeout: .seconds(60))
        #expect(try await scene.giveUp() == .refused)
        #expect(try await scene.fixture.sessions.session(scene.session.id) == nil)
        scene.blocker.close()
    }

    @Test func insert_triesAgain_onlyWithinItsDeadline() async throws {
        let fixture = try await StoreFixture(insertTimeout: .milliseconds(500))
        // A sequence does not go back with a transaction: it counts the attempts.
        try await fixture.sql("CREATE SEQUENCE attempts")
        try await fixture.sql(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM nextval('attempts');
                PERFORM pg_sleep(60);
                RETURN new;
            END
            $$
            """)
        try await fixture.sql("CREATE TRIGGER slow BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION slow()")
        await #expect(throws: TurngateError.storeUnavailable(detail: "PostgreSQL does not answer")) {
            try await fixture.insertSession()
        }
        #expect(try await fixture.number("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM attempts") <= 1)
    }
}
