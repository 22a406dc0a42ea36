import Domain
import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Store

/// The events as they are read.
@Suite struct EventLogTests {
    /// Adds events by SQL: one each of `types`, in one transaction.
    private func add(_ fixture: StoreFixture, _ session: Session, _ types: [EventType], data: String = "{}")
        async throws
    {
        let rows = types.map {
            EventRow(EventDraft(type: $0, at: StoreFixture.start, data: Array(data.utf8)), about: session.id)
        }
        _ = try await fixture.pool.query(EventStatements.add, EventRow.values(rows))
    }

    @Test func events_areReadByScopeTypesAndPosition() async throws {
        let fixture = try await StoreFixture()
        #expect(try await fixture.log.lastPosition() == 0)
        #expect(try await fixture.log.events(EventQuery(scope: .everything)).isEmpty)
        let (one, _) = try await fixture.insertSession(room: "r1")
        let (two, _) = try await fixture.insertSession(room: "r2")
        let (three, _) = try await fixture.insertSession(room: "r1", identity: "other")
        for session in [one, two, three] { try await add(fixture, session, [.turnStarted, .turnEnded]) }

        let log = fixture.log
        let all = try await log.events(EventQuery(scope: .everything))
        #expect(all.count == 12 && all.map(\.position) == all.map(\.position).sorted())
        #expect(try await log.lastPosition() == all.last?.position)
        let room = try await log.events(EventQuery(scope: .room("r1")))
        #expect(room == all.filter { $0.room == "r1" } && room.count == 8)
        let session = try await log.events(EventQuery(scope: .session(two.id)))
        #expect(session == all.filter { $0.sessionID == two.id } && session.count == 4)
        for scope in [EventScope.everything, .room("r1"), .session(one.id)] {
            let whole = try await log.events(EventQuery(scope: scope))
            let starts = try await log.events(EventQuery(scope: scope, types: [.turnStarted, .speechEnded]))
            #expect(starts == whole.filter { $0.type == .turnStarted } && !starts.isEmpty)
            let middle = EventQuery(scope: scope, after: whole[0].position, upTo: whole[3].position, limit: 2)
            #expect(try await log.events(middle) == Array(whole[1...2]))
            let end = EventQuery(scope: scope, types: [.turnEnded], after: try #require(whole.last).position)
            #expect(try await log.events(end).isEmpty)
        }
    }

    @Test func aPosition_isFoundOnlyWithinItsScope() async throws {
        let fixture = try await StoreFixture()
        let (one, _) = try await fixture.insertSession(room: "r1")
        let (two, _) = try await fixture.insertSession(room: "r2")
        let event = try #require(try await fixture.log.events(EventQuery(scope: .session(two.id))).first)
        for (scope, isThere) in [
            (EventScope.everything, true), (.room("r2"), true), (.session(two.id), true), (.room("r1"), false),
            (.session(one.id), false),
        ] {
            #expect(try await fixture.log.position(of: event.id, in: scope) == (isThere ? event.position : nil))
        }
        #expect(try await fixture.log.position(of: EventID(at: StoreFixture.start), in: .everything) == nil)
    }

    @Test func aPage_isBoundedInBytes_andGoesOnWithoutAHole() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let data = #"{"x":"\#(String(repeating: "x", count: 500_000))"}"#
        for _ in 0..<4 { try await add(fixture, session, Array(repeating: .gateChanged, count: 5), data: data) }
        var (after, seqs, pages) = (Int64(0), [Int](), 0)
        while case let page = try await fixture.log.events(EventQuery(scope: .everything, after: after)), !page.isEmpty
        {
            #expect(page.reduce(0) { $0 + $1.json.count } < 5 << 20)
            seqs += try page.map { try EventLine($0).seq }
            after = try #require(page.last).position
            pages += 1
        }
        #expect(seqs == Array(1...22) && (3...5).contains(pages))
    }

    @Test func aTypeThatThisVersionDoesNotKnow_isLeftOut() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        try await fixture.sql(
            """
            SELECT events_add(ARRAY[turngate_uuid(now())], ARRAY[$1::uuid], ARRAY['future.thing'], ARRAY[now()],
                ARRAY[NULL], ARRAY['{}'::json])
            """, [.uuid(session.id.uuid)])
        try await add(fixture, session, [.gateChanged])
        #expect(try await fixture.events().map(\.seq) == [1, 2, 4])
    }

    @Test func aRareType_isFoundFarAway() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        try await fixture.sql("ALTER TABLE events ALTER COLUMN position RESTART WITH 250000")
        try await add(fixture, session, [.incidentFound])
        let found = try await fixture.log.events(EventQuery(scope: .everything, types: [.incidentFound]))
        #expect(found.map(\.position) == [250_000])
    }

    @Test func idsOfBurials_areOfTheirMoment() async throws {
        let fixture = try await StoreFixture()
        let row = try #require(
            try await fixture.sql("SELECT turngate_uuid('2026-11-22 10:31:07.123456Z') AS a").first)
        let id = try row.get("a", as: UUID.self)
        #expect(id.uuidString.hasPrefix(EventID(at: StoreFixture.start).uuid.uuidString.prefix(15)))
        #expect("89AB".contains(Array(id.uuidString)[19]))
    }

    /// One of several who write at once, each over a connection of its own:
    /// waits before and after its events are numbered, and takes some back.
    private func write(_ fixture: StoreFixture, _ sessions: [SessionID], times: Int, seed: Int) async throws -> Int {
        let connection = try await PostgresSession.connect(StoreFixture.configuration(fixture.url))
        defer { connection.close() }
        var written = 0
        for round in 0..<times {
            let (one, two) = (sessions[(round + seed) % sessions.count], sessions[(round * 3 + seed) % sessions.count])
            let isKept = (round + seed) % 5 != 0
            try await connection.run(
                script: """
                    BEGIN;
                    SELECT pg_sleep(random() * 0.01);
                    SELECT events_add(
                        ARRAY[turngate_uuid(now()), turngate_uuid(now()), turngate_uuid(now())],
                        ARRAY['\(one.uuid)', '\(two.uuid)', '\(one.uuid)']::uuid[],
                        ARRAY['gate.changed', 'turn.started', 'turn.ended'], ARRAY[now(), now(), now()],
                        ARRAY[NULL, NULL, NULL], ARRAY['{}', '{}', '{}']::json[]);
                    SELECT pg_sleep(random() * 0.004);
                    \(isKept ? "COMMIT" : "ROLLBACK")
                    """, timeout: .seconds(60))
            written += isKept ? 3 : 0
        }
        return written
    }

    @Test func aReaderThatGoesOnAfterItsLastPosition_hasEachEventOnce_whileEightWrite() async throws {
        let fixture = try await StoreFixture()
        var sessions: [SessionID] = []
        for index in 0..<4 { sessions.append(try await fixture.insertSession(identity: "agent-\(index)").session.id) }
        let isOver = Mutex(false)
        let reader = Task { [fixture] in
            var read: [StoredEvent] = []
            while true {
                let wasOver = isOver.withLock { $0 }
                let after = read.last?.position ?? 0
                let page = try await fixture.log.events(EventQuery(scope: .everything, after: after, limit: 7))
                read += page
                if wasOver, page.isEmpty { return read }
            }
        }
        let written = try await withThrowingTaskGroup(of: Int.self) { group in
            for seed in 0..<8 {
                group.addTask { [sessions] in try await write(fixture, sessions, times: 30, seed: seed) }
            }
            return try await group.reduce(0, +)
        }
        isOver.withLock { $0 = true }
        let read = try await reader.value
        #expect(read.count == written + 8 && Set(read.map(\.id)).count == read.count)
        #expect(zip(read, read.dropFirst()).allSatisfy { $0.position < $1.position })
        for session in sessions {
            let seqs = try read.filter { $0.sessionID == session }.map { try EventLine($0).seq }
            #expect(seqs == Array(1...max(1, seqs.count)))
        }
    }

    @Test func whatIsAddedAgain_withMoreBeside_isThereOnce_andLeavesNoGap() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let rows = [EventType.turnStarted, .turnEnded, .gateChanged, .rpcInvoked].map {
            EventRow(EventDraft(type: $0, at: StoreFixture.start, data: Array("{}".utf8)), about: session.id)
        }
        for part in [[rows[1], rows[2]], rows, rows] {
            _ = try await fixture.pool.query(EventStatements.add, EventRow.values(part))
        }
        let events = try await fixture.events()
        #expect(events.map(\.seq) == Array(1...6))
        #expect(events.dropFirst(2).map(\.type) == ["turn.ended", "gate.changed", "turn.started", "rpc.invoked"])
    }
}
