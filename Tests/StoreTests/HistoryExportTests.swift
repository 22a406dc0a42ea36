import Domain
import Foundation
import Store
import Synchronization
import Testing

@Suite struct HistoryExportTests {
    private final class Sink: Sendable {
        let bytes = Mutex<[UInt8]>([])
        let largest = Mutex(0)
        func take(_ piece: [UInt8]) {
            bytes.withLock { $0 += piece }
            largest.withLock { $0 = max($0, piece.count) }
        }
        var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
    }

    private func export(_ fixture: StoreFixture, _ query: HistoryQuery, _ format: HistoryFormat) async throws -> String
    {
        let sink = Sink()
        try await fixture.history.export(query, as: format) { sink.take($0) }
        return sink.text
    }

    /// 25 sessions with 1,000 rows each, written by SQL.
    private func fill(_ fixture: StoreFixture) async throws -> [Session] {
        var sessions: [Session] = []
        for index in 0..<25 {
            sessions.append(try await fixture.insertSession(identity: "a\(index)", after: .milliseconds(index)).session)
        }
        try await fixture.sql(
            """
            INSERT INTO agent_state_transitions (session_id, seq, at, old_state, new_state, cause, actor)
            SELECT id, n, created_at + (n / 2) * interval '1.5 s',
                CASE WHEN n = 2 THEN 'initializing' WHEN n % 2 = 0 THEN 'thinking' ELSE 'listening' END,
                CASE WHEN n % 2 = 0 THEN 'listening' ELSE 'thinking' END, 'api', 'backend'
            FROM sessions, generate_series(2, 1000) AS n
            """)
        return sessions
    }

    private func pages(_ fixture: StoreFixture, _ start: HistoryQuery) async throws -> [String] {
        var query = start
        query.limit = 1000
        var lines: [String] = []
        repeat {
            let page = try await fixture.history.page(query)
            // Rows of this test hold no brace inside a text.
            lines += String(decoding: page.rows, as: UTF8.self).dropFirst().dropLast()
                .replacing("},{", with: "}\n{").split(separator: "\n").map(String.init)
            query.after = page.next
        } while query.after != nil
        return lines
    }

    @Test func exportsOf25ThousandRows_equalThePages() async throws {
        let fixture = try await StoreFixture()
        let sessions = try await fill(fixture)
        for ascending in [true, false] {
            let lines = try await pages(fixture, HistoryQuery(ascending: ascending))
            #expect(lines.count == 25_000)
            let ndjson = try await export(fixture, HistoryQuery(ascending: ascending, limit: 3), .ndjson)
            #expect(ndjson == lines.map { $0 + "\n" }.joined())
            let csv = try await export(fixture, HistoryQuery(ascending: ascending), .csv)
            let expected = try HistoryRow.decode(Array("[\(lines.joined(separator: ","))]".utf8)).map(Self.csv)
            let header = "session_id,room,seq,old_state,new_state,at,dwell_ms,cause,actor,turn_id,reason\r\n"
            #expect(csv == header + expected.joined())
        }
        let query = HistoryQuery(session: sessions[3].id, state: .thinking, since: StoreFixture.start + .seconds(100))
        let some = try await pages(fixture, query)
        #expect(some.count > 300)
        #expect(try await export(fixture, query, .ndjson) == some.map { $0 + "\n" }.joined())
    }

    private static func csv(_ row: HistoryRow) -> String {
        let dwell = row.dwell_ms.map { $0 == $0.rounded() ? String(Int($0)) : String($0) } ?? ""
        let quoted = { (text: String?) in text.map { "\"\($0)\"" } ?? "" }
        return [
            row.session_id, quoted(row.room), String(row.seq), row.old_state ?? "", row.new_state, row.at, dwell,
            row.cause,
            quoted(row.actor), row.turn_id ?? "", quoted(row.reason),
        ].joined(separator: ",") + "\r\n"
    }

    @Test func export_goesInPieces_ofBoundedSize_andEndsWhenTheWriterThrows() async throws {
        struct Gone: Error {}
        let fixture = try await StoreFixture(chunkRows: 500)
        _ = try await fill(fixture)
        let sink = Sink()
        try await fixture.history.export(HistoryQuery(), as: .ndjson) { sink.take($0) }
        #expect(sink.text.utf8.filter { $0 == UInt8(ascii: "\n") }.count == 25_000)
        #expect(sink.largest.withLock { $0 } < 500 * 400)
        let calls = Mutex(0)
        await #expect(throws: Gone.self) {
            try await fixture.history.export(HistoryQuery(), as: .ndjson) { _ in
                if calls.withLock({
                    $0 += 1; return $0
                }) == 3 {
                    throw Gone()
                }
            }
        }
        #expect(calls.withLock { $0 } == 3)
    }

    @Test func csv_quotesWhatMustBe_andGivesSpreadsheetsNoFormula() async throws {
        let fixture = try await StoreFixture()
        var (session, machine) = try await fixture.insertSession(room: "=HYPERLINK(\"x\"),")
        let first = try machine.next(.listening, actor: "+49 \"30\"", reason: "a\r\nb,c")
        let second = try machine.next(.thinking, actor: "", reason: "@SUM(1)")
        var third = try machine.next(.listening, actor: "a-b=c", reason: "＝1+1")
        let turn = TurnID(at: third.at)
        third.turnID = turn
        let ticket = try fixture.journal().append([first, second, third].map { .transition($0) })
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)
        let ndjson = try await export(fixture, HistoryQuery(session: session.id), .ndjson)
        #expect(ndjson.contains(#""actor":"a-b=c","turn_id":"\#(turn)","reason""#))
        let csv = try await export(fixture, HistoryQuery(session: session.id), .csv)
        let head = "\(session.id),\"'=HYPERLINK(\"\"x\"\"),\","
        #expect(
            csv == """
                session_id,room,seq,old_state,new_state,at,dwell_ms,cause,actor,turn_id,reason\r
                \(head)1,,initializing,2026-11-22T10:31:07.123456Z,1000,connection,,,\r
                \(head)2,initializing,listening,2026-11-22T10:31:08.123456Z,1000,api,"'+49 ""30""\",,"a\r\nb,c"\r
                \(head)3,listening,thinking,2026-11-22T10:31:09.123456Z,1000,api,"",,"'@SUM(1)"\r
                \(head)4,thinking,listening,2026-11-22T10:31:10.123456Z,,api,"a-b=c",\(turn),"'＝1+1"\r\n
                """)
    }

    @Test func anEmptyExport_isAHeader_orNothing() async throws {
        let fixture = try await StoreFixture()
        let query = HistoryQuery(session: SessionID(uuid: UUID()))
        #expect(try await export(fixture, query, .ndjson) == "")
        #expect(try await export(fixture, query, .csv).hasPrefix("session_id,room,"))
    }
}
