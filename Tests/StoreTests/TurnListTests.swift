import Domain
import Foundation
import Testing

/// Reading turns and incidents.
@Suite struct TurnListTests {
    @Test func turns_areListedNewestFirst_page_byPage() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let (other, _) = try await fixture.insertSession(identity: "other")
        let turns = (1...7).map { session.turn($0).ended($0 % 2 == 0 ? .empty : .committed, .endTurn) }
        let running = session.turn(8)
        let entries = (turns + [running, other.turn(3)]).map { JournalEntry.turn($0) }
        #expect(await (try fixture.journal().append(entries)).outcome(within: .seconds(60)) == .durable)
        var seen: [[Int64]] = []
        var query = TurnQuery(limit: 3)
        repeat {
            let page = try await fixture.sessions.turns(session.id, query)
            seen.append(page.turns.map(\.epoch))
            query.before = page.next
        } while query.before != nil
        #expect(seen == [[8, 7, 6], [5, 4, 3], [2, 1]])
        let exact = try await fixture.sessions.turns(session.id, TurnQuery(limit: 8))
        #expect(exact.turns == [running] + turns.reversed() && exact.next == nil)
    }

    @Test func turns_areFilteredByOutcome() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let turns = (1...7).map { session.turn($0).ended($0 % 2 == 0 ? .empty : .timedOut, .endTurn) }
        let entries = (turns + [session.turn(8)]).map { JournalEntry.turn($0) }
        #expect(await (try fixture.journal().append(entries)).outcome(within: .seconds(60)) == .durable)
        let first = try await fixture.sessions.turns(session.id, TurnQuery(outcome: .timedOut, limit: 3))
        #expect(first.turns.map(\.epoch) == [7, 5, 3])
        let query = TurnQuery(before: first.next, outcome: .timedOut, limit: 3)
        let second = try await fixture.sessions.turns(session.id, query)
        #expect(second.turns.map(\.epoch) == [1] && second.next == nil)
        #expect(
            try await fixture.sessions.turns(session.id, TurnQuery(outcome: .empty)).turns.map(\.epoch) == [6, 4, 2])
        #expect(try await fixture.sessions.turns(session.id, TurnQuery(outcome: .preempted)).turns.isEmpty)
    }

    @Test func aTurn_isFoundOnlyInItsOwnSession() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let (other, _) = try await fixture.insertSession(identity: "other")
        let turn = session.turn(1)
        #expect(await (try fixture.journal().append([.turn(turn)])).outcome(within: .seconds(60)) == .durable)
        #expect(try await fixture.sessions.turn(session.id, turn.id) == turn)
        #expect(try await fixture.sessions.turn(other.id, turn.id) == nil)
        #expect(try await fixture.sessions.turn(session.id, TurnID(uuid: UUID())) == nil)
        let unknown = SessionID(uuid: UUID())
        #expect(try await fixture.sessions.turns(unknown, TurnQuery()) == TurnPage(turns: [], next: nil))
        #expect(
            try await fixture.sessions.incidents(unknown, IncidentQuery()) == IncidentPage(incidents: [], next: nil))
    }

    @Test func incidents_areKept_andListedNewestFirst() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let (other, _) = try await fixture.insertSession(identity: "other")
        let incidents = Incident.Finding.allCases.enumerated().map { index, finding in
            Incident(
                sessionID: session.id, seq: Int64(index + 1), at: StoreFixture.start + .seconds(index),
                finding: finding, participant: index % 2 == 0 ? "zoë" : nil,
                turnID: index < 2 ? TurnID(uuid: UUID()) : nil, detail: "0 frames in 1,020 ms", healed: index > 0)
        }
        let entries = (incidents + [other.incident(2)]).map { JournalEntry.incident($0) }
        #expect(await (try fixture.journal().append(entries)).outcome(within: .seconds(60)) == .durable)
        let first = try await fixture.sessions.incidents(session.id, IncidentQuery(limit: 3))
        #expect(first.incidents == Array(incidents.reversed().prefix(3)))
        #expect(first.next == 2)
        let second = try await fixture.sessions.incidents(session.id, IncidentQuery(before: first.next, limit: 3))
        #expect(second == IncidentPage(incidents: [incidents[0]], next: nil))
    }
}
