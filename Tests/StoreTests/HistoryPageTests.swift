import Domain
import Foundation
import Postgres
import Testing

@Suite struct HistoryPageTests {
    @Test func aPage_isByteForByteTheAPIsForm() async throws {
        let fixture = try await StoreFixture()
        var (session, machine) = try await fixture.insertSession(room: "café \"1\"")
        var second = try machine.next(.listening, after: .microseconds(1), actor: "ali\\ce\n\"é\"", reason: "😀\t")
        second.turnID = TurnID(uuid: try #require(UUID(uuidString: "0193549E-35B7-7DEF-8123-456789ABCDEF")))
        let third = try machine.next(.speaking, after: .milliseconds(1500))
        let ticket = try fixture.journal().append(
            [.transition(second), .transition(third), session.ended(after: .microseconds(1_501_251))])
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)
        let page = try await fixture.history.page(HistoryQuery(session: session.id))
        let head = #"{"session_id":"\#(session.id)","room":"café \"1\"","seq":"#
        let expected = [
            head
                + #"1,"old_state":null,"new_state":"initializing","at":"2026-11-22T10:31:07.123456Z","dwell_ms":0.001,"cause":"connection","actor":null,"turn_id":null,"reason":null}"#,
            head
                + #"2,"old_state":"initializing","new_state":"listening","at":"2026-11-22T10:31:07.123457Z","dwell_ms":1500,"cause":"api","actor":"ali\\ce\n\"é\"","turn_id":"\#(second.turnID?.description ?? "")","reason":"😀\t"}"#,
            head
                + #"3,"old_state":"listening","new_state":"speaking","at":"2026-11-22T10:31:08.623457Z","dwell_ms":1.25,"cause":"api","actor":null,"turn_id":null,"reason":null}"#,
        ]
        #expect(String(decoding: page.rows, as: UTF8.self) == "[" + expected.joined(separator: ",") + "]")
        #expect(page.next == nil)
        // Across sessions the id is written by the database: the same bytes.
        #expect(try await fixture.history.page(HistoryQuery()).rows == page.rows)
    }

    @Test func theLastingState_hasNoDwell() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        #expect(try await fixture.rows(of: session.id).map(\.dwell_ms) == [nil])
    }

    @Test func whereNothingMatches_thePageIsAnEmptyArray() async throws {
        let fixture = try await StoreFixture()
        let page = try await fixture.history.page(HistoryQuery(session: SessionID(uuid: UUID())))
        #expect(page.rows == Array("[]".utf8))
        #expect(page.next == nil)
    }

    /// 6 sessions with 10 rows each, whose times are all equal in pairs and
    /// across sessions.
    private func crowd(_ fixture: StoreFixture) async throws -> [Session] {
        var sessions: [Session] = []
        let journal = fixture.journal()
        for index in 0..<6 {
            let session = fixture.makeSession(
                room: "room-\(index % 2)", identity: "a\(index)", labels: ["n": "\(index % 3)"])
            var machine = AgentStateMachine(sessionID: session.id, at: session.createdAt)
            try await fixture.sessions.insert(session, first: machine.current, owner: fixture.runtime.id)
            for step in 0..<9 {
                let transition = try machine.walk(1, every: step % 2 == 0 ? .zero : .seconds(1))
                #expect(
                    await (try journal.append(transition.map { .transition($0) })).outcome(within: .seconds(60))
                        == .durable)
            }
            sessions.append(session)
        }
        return sessions
    }

    private func walk(_ fixture: StoreFixture, _ start: HistoryQuery) async throws -> [HistoryRow] {
        var query = start
        var rows: [HistoryRow] = []
        repeat {
            let page = try await fixture.history.page(query)
            let decoded = try HistoryRow.decode(page.rows)
            #expect(decoded.count <= query.limit)
            rows += decoded
            query.after = page.next
        } while query.after != nil && rows.count < 1000
        return rows
    }

    @Test(arguments: [1, 7, 10, 60, 61]) func walking_bothWays_givesEveryRowOnce(limit: Int) async throws {
        let fixture = try await StoreFixture()
        let sessions = try await crowd(fixture)
        let up = try await walk(fixture, HistoryQuery(limit: limit))
        #expect(up.count == 60)
        let keys = up.map { ($0.at, $0.session_id, $0.seq) }
        #expect(zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 })
        #expect(try await walk(fixture, HistoryQuery(ascending: false, limit: limit)) == up.reversed())
        let one = try await walk(fixture, HistoryQuery(session: sessions[2].id, limit: limit))
        #expect(one.map(\.seq) == Array(1...10))
        #expect(
            try await walk(fixture, HistoryQuery(session: sessions[2].id, ascending: false, limit: limit))
                == one.reversed())
        #expect(one == up.filter { $0.session_id == sessions[2].id.description })
    }

    @Test func filters_giveExactlyTheRowsThatMatch() async throws {
        let fixture = try await StoreFixture()
        let sessions = try await crowd(fixture)
        let all = try await walk(fixture, HistoryQuery())
        let since = StoreFixture.start + .seconds(1)
        let until = StoreFixture.start + .seconds(3)
        func check(_ query: HistoryQuery, _ matches: (HistoryRow) -> Bool) async throws {
            var query = query
            for limit in [3, 100] {
                query.limit = limit
                query.ascending = true
                let expected = all.filter(matches)
                #expect(!expected.isEmpty)
                #expect(try await walk(fixture, query) == expected)
                query.ascending = false
                #expect(try await walk(fixture, query) == expected.reversed())
            }
        }
        try await check(HistoryQuery(state: .thinking)) { $0.new_state == "thinking" }
        try await check(HistoryQuery(room: "room-1")) { $0.room == "room-1" }
        try await check(HistoryQuery(since: since)) { $0.at >= since.description }
        try await check(HistoryQuery(until: until)) { $0.at < until.description }
        try await check(HistoryQuery(session: sessions[1].id, state: .listening, since: since, until: until)) {
            $0.session_id == sessions[1].id.description && $0.new_state == "listening" && $0.at >= since.description
                && $0.at < until.description
        }
        let labelled = Set(sessions.filter { $0.spec.labels["n"] == "1" }.map(\.id.description))
        try await check(HistoryQuery(labels: ["n": "1"], state: .thinking, since: since)) {
            labelled.contains($0.session_id) && $0.new_state == "thinking" && $0.at >= since.description
        }
        try await check(HistoryQuery(room: "room-0", labels: ["n": "2"])) { row in
            row.session_id == sessions[2].id.description
        }
        #expect(try await walk(fixture, HistoryQuery(room: "nowhere")).isEmpty)
    }
}
