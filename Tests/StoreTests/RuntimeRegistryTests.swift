import Domain
import Foundation
import Store
import Testing

@Suite struct RuntimeRegistryTests {
    @Test func enteredRuntimes_areSeenByOthers_withTheirSilence() async throws {
        let fixture = try await StoreFixture()
        let other = StoreFixture.description()
        try await fixture.registry.enter(other)
        try await fixture.sql(
            "UPDATE runtimes SET heartbeat_at = now() - interval '90 s' WHERE id = $1", [.uuid(other.id.uuid)])
        let sightings = try await fixture.registry.others(than: fixture.runtime.id)
        #expect(sightings.map(\.runtime) == [other])
        #expect(try #require(sightings.first).silence >= .seconds(90))
        #expect(try await fixture.registry.heartbeat(other.id))
        #expect(try #require(await fixture.registry.others(than: fixture.runtime.id).first).silence < .seconds(60))
        try await fixture.registry.leave(other.id)
        #expect(try await fixture.registry.others(than: fixture.runtime.id).isEmpty)
        #expect(try await !fixture.registry.heartbeat(other.id))
    }

    @Test func bury_failsWhatTheDeadHeld_atTheLastSignOfLife_andFreesTheIdentity() async throws {
        let fixture = try await StoreFixture()
        let dead = StoreFixture.description()
        try await fixture.registry.enter(dead)
        let session = fixture.makeSession()
        var machine = AgentStateMachine(sessionID: session.id, at: session.createdAt)
        try await fixture.sessions.insert(session, first: machine.current, owner: dead.id)
        let mine = try await fixture.insertSession(identity: "mine").session
        let journal = fixture.journal()
        let late = try machine.next(.listening, after: .seconds(5))
        #expect(await (try journal.append([.transition(late)])).outcome(within: .seconds(60)) == .durable)
        try await fixture.sql("UPDATE runtimes SET heartbeat_at = '2020-01-01' WHERE id = $1", [.uuid(dead.id.uuid)])

        #expect(try await fixture.registry.bury(dead.id) == [session.id])
        let buried = try #require(try await fixture.sessions.session(session.id))
        #expect(buried.status == .failed)
        #expect(buried.end?.reason == .runtimeLost)
        #expect(buried.endedAt == late.at)
        #expect(try await fixture.sessions.session(mine.id)?.status == .connecting)
        #expect(try await fixture.registry.others(than: fixture.runtime.id).isEmpty)
        try await fixture.insertSession()
    }

    @Test func bury_takesTheHeartbeat_whenItCameLast() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        try await fixture.sql("UPDATE runtimes SET heartbeat_at = '2030-01-01 00:00:00Z'")
        #expect(try await fixture.registry.bury(fixture.runtime.id) == [session.id])
        #expect(try await fixture.sessions.session(session.id)?.endedAt?.description == "2030-01-01T00:00:00.000000Z")
    }

    @Test func unheld_areTheOldLiveSessionsOfTheRuntime() async throws {
        let fixture = try await StoreFixture()
        let other = StoreFixture.description()
        try await fixture.registry.enter(other)
        let now = SystemClock().now
        func insert(_ identity: String, age: Duration, owner: RuntimeID) async throws -> Session {
            let spec = SessionSpec(room: "room", agent: AgentProfile(identity: identity))
            let time = now + (.zero - age)
            let session = Session(id: SessionID(at: time), spec: spec, createdAt: time)
            let first = AgentStateMachine(sessionID: session.id, at: session.createdAt).current
            try await fixture.sessions.insert(session, first: first, owner: owner)
            return session
        }
        let me = fixture.runtime.id
        let old = try await insert("old", age: .seconds(3600), owner: me)
        let older = try await insert("older", age: .seconds(7200), owner: me)
        _ = try await insert("new", age: .seconds(-3600), owner: me)
        let theirs = try await insert("theirs", age: .seconds(3600), owner: other.id)
        let over = try await insert("over", age: .seconds(3600), owner: me)
        let ticket = try fixture.journal().append([over.ended(after: .seconds(1))])
        #expect(await ticket.outcome(within: .seconds(20)) == .durable)
        #expect(try await fixture.registry.unheld(by: me, olderThan: .seconds(60)) == [older.id, old.id])
        #expect(try await fixture.registry.unheld(by: me, olderThan: .seconds(5400)) == [older.id])
        #expect(try await fixture.registry.unheld(by: me, olderThan: .seconds(36_000)) == [])
        #expect(try await fixture.registry.unheld(by: other.id, olderThan: .seconds(60)) == [theirs.id])
        #expect(try await fixture.registry.unheld(by: RuntimeID(uuid: UUID()), olderThan: .zero) == [])
    }

    @Test func leave_ofARowThatIsLocked_givesUpLongBeforeTheDatabaseDoes() async throws {
        let fixture = try await StoreFixture()
        let blocker = try await fixture.blocker("SELECT FROM runtimes FOR UPDATE")
        let start = ContinuousClock.now
        await #expect(throws: TurngateError.storeUnavailable(detail: "PostgreSQL does not answer")) {
            try await fixture.registry.leave(fixture.runtime.id)
        }
        // Its bound is 3 s; without it the wait is 60 s here.
        #expect(ContinuousClock.now - start < .seconds(40))
        try await blocker.run(script: "COMMIT", timeout: .seconds(60))
        blocker.close()
    }

    @Test func bury_byManyAtOnce_isDoneByOne() async throws {
        let fixture = try await StoreFixture()
        var ids: Set<SessionID> = []
        for index in 0..<20 { ids.insert(try await fixture.insertSession(identity: "a\(index)").session.id) }
        let results = try await withThrowingTaskGroup(of: [SessionID].self) { group in
            for _ in 0..<8 { group.addTask { try await fixture.registry.bury(fixture.runtime.id) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.filter { !$0.isEmpty }.count == 1)
        #expect(Set(results.flatMap { $0 }) == ids)
    }

    @Test func bury_ofMany_goesInSteps_andAfterOneThatFailedGoesOn() async throws {
        let fixture = try await StoreFixture()
        var ids: [SessionID] = []
        for index in 0..<5 { ids.append(try await fixture.insertSession(identity: "a\(index)").session.id) }
        ids.sort()
        let registry = PostgresRuntimeRegistry(pool: fixture.pool, burialRows: 2)
        try await fixture.sql(
            """
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$
            """)
        try await fixture.sql(
            """
            CREATE TRIGGER fail BEFORE UPDATE ON sessions FOR EACH ROW
            WHEN (NEW.id = '\(ids[4].uuid)') EXECUTE FUNCTION fail()
            """)
        await #expect(throws: TurngateError.self) { try await registry.bury(fixture.runtime.id) }
        #expect(try await fixture.number("SELECT count(*) FROM sessions WHERE status = 'failed'") == 4)
        let steps = "SELECT count(DISTINCT xmin::text) FROM sessions WHERE status = 'failed'"
        #expect(try await fixture.number(steps) == 2)
        #expect(try await fixture.registry.heartbeat(fixture.runtime.id))
        try await fixture.sql("DROP TRIGGER fail ON sessions")
        #expect(try await registry.bury(fixture.runtime.id) == [ids[4]])
        #expect(try await fixture.number("SELECT count(*) FROM events WHERE type = 'session.failed'") == 5)
        #expect(try await !fixture.registry.heartbeat(fixture.runtime.id))
    }

    @Test func bury_andLeave_ofMoreThanOneStep_leaveNothing() async throws {
        let fixture = try await StoreFixture()
        let registry = PostgresRuntimeRegistry(pool: fixture.pool, leaveTimeout: .seconds(60), burialRows: 2)
        for round in 0..<2 {
            let runtime = StoreFixture.description()
            try await registry.enter(runtime)
            for index in 0..<4 {
                let session = fixture.makeSession(identity: "a\(round)\(index)")
                let first = AgentStateMachine(sessionID: session.id, at: session.createdAt).current
                try await fixture.sessions.insert(session, first: first, owner: runtime.id)
            }
            if round == 0 {
                #expect(try await registry.bury(runtime.id).count == 4)
            } else {
                try await registry.leave(runtime.id)
            }
            #expect(try await !registry.heartbeat(runtime.id))
        }
        #expect(try await fixture.number("SELECT count(*) FROM sessions WHERE status = 'failed'") == 8)
    }

    @Test func whatABuriedRuntimeStillHasToSay_isRefused() async throws {
        let fixture = try await StoreFixture()
        var (session, machine) = try await fixture.insertSession()
        let (other, _) = try await fixture.insertSession(identity: "other")
        _ = try await fixture.registry.bury(fixture.runtime.id)
        let second = StoreFixture.description()
        try await fixture.registry.enter(second)
        let live = fixture.makeSession(identity: "live")
        var liveMachine = AgentStateMachine(sessionID: live.id, at: live.createdAt)
        try await fixture.sessions.insert(live, first: liveMachine.current, owner: second.id)

        let journal = fixture.journal()
        let receipt = NotificationReceipt(
            id: NotificationID(at: StoreFixture.start), sessionID: other.id, method: "m", trigger: .api,
            agentStateSeq: 1,
            createdAt: StoreFixture.start, completedAt: StoreFixture.start, recipients: [])
        let late = [
            try journal.append([.transition(try machine.next(.listening))]),
            try journal.append([session.ended(after: .seconds(9))]),
            try journal.append([.notification(receipt)]),
            try journal.append([session.progress { $0.status = .ending }]),
        ]
        let good = try journal.append([.transition(try liveMachine.next(.listening))])
        for ticket in late { #expect(await ticket.outcome(within: .seconds(60)) == .refused) }
        #expect(await good.outcome(within: .seconds(60)) == .durable)
        let buried = try #require(try await fixture.sessions.session(session.id))
        #expect(buried.status == .failed && buried.agentStateSeq == 1 && buried.end?.reason == .runtimeLost)
    }

    @Test func burialsAndTheJournal_atOnce_neverDeadlockAndNeverReviveASession() async throws {
        let fixture = try await StoreFixture()
        var machines: [AgentStateMachine] = []
        for index in 0..<30 { machines.append(try await fixture.insertSession(identity: "a\(index)").machine) }
        let journal = fixture.journal(batchLimit: 40)
        var tickets: [JournalTicket] = []
        for _ in 0..<20 {
            for index in machines.indices {
                tickets.append(try journal.append(try machines[index].walk(1).map { .transition($0) }))
            }
        }
        async let buried = fixture.registry.bury(fixture.runtime.id)
        var outcomes: [JournalOutcome] = []
        for ticket in tickets { outcomes.append(await ticket.outcome(within: .seconds(60))) }
        #expect(try await buried.count == 30)
        #expect(!outcomes.contains(.pending))
        let durable = outcomes.filter { $0 == .durable }.count
        #expect(try await fixture.number("SELECT count(*) FROM agent_state_transitions") == 30 + durable)
        #expect(try await fixture.number("SELECT count(*) FROM sessions WHERE status <> 'failed'") == 0)
        // Not after the end, as bury sees it.
        #expect(
            try await fixture.number(
                "SELECT count(*) FROM agent_state_transitions t JOIN sessions s ON s.id = t.session_id WHERE t.at > s.ended_at"
            ) == 0)
    }
}
