import Domain
import Foundation
import Store
import Testing

/// What becomes of a turn when its session is over.
@Suite struct TurnEndTests {
    private func write(_ entries: [JournalEntry], _ journal: JournalWriter) async throws -> JournalOutcome {
        await (try journal.append(entries)).outcome(within: .seconds(60))
    }

    @Test(arguments: [false, true])
    func theEndOfASession_endsItsTurn_andNoOther(isEnding: Bool) async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let (other, _) = try await fixture.insertSession(identity: "other")
        let journal = fixture.journal()
        let over = session.turn(1).ended(.committed, .endTurn)
        let running = session.turn(2).with(preRollMs: 40, audioMs: 400, speechMs: 300)
        let theirs = other.turn(1)
        let turns = [over, isEnding ? running.ending(.endTurn) : running, theirs]
        #expect(try await write(turns.map { .turn($0) }, journal) == .durable)
        #expect(try await write([session.progress { $0.status = .ending }], journal) == .durable)
        #expect(try await fixture.sessions.turn(session.id, running.id) == turns[1])
        #expect(try await write([session.ended(after: .seconds(30))], journal) == .durable)
        var cut = running.ended(.cancelled, .sessionEnded)
        cut.endedAt = session.createdAt + .seconds(30)
        #expect(try await fixture.sessions.turns(session.id, TurnQuery()).turns == [cut, over])
        #expect(try await fixture.sessions.turns(other.id, TurnQuery()).turns == [theirs])
        // What its runtime still had to say of it comes too late.
        #expect(try await write([.turn(running.ended(.committed, .endTurn))], journal) == .durable)
        #expect(try await fixture.sessions.turn(session.id, running.id) == cut)
    }

    @Test func aTurnThatBeganAfterTheEnd_byTheClock_endsAsItBegins() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let turn = session.turn(9)
        #expect(try await write([.turn(turn), session.ended(after: .seconds(3))], fixture.journal()) == .durable)
        let expected = turn.ended(.cancelled, .sessionEnded, after: .zero)
        #expect(try await fixture.sessions.turn(session.id, turn.id) == expected)
    }

    @Test func theTurnsOwnEnd_inTheBatchOfTheSessionsEnd_stands() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let turn = session.turn(1)
        let over = turn.ended(.committed, .holderLeft)
        let journal = fixture.journal()
        #expect(try await write([.turn(turn)], journal) == .durable)
        #expect(try await write([session.ended(after: .seconds(3)), .turn(over)], journal) == .durable)
        #expect(try await fixture.sessions.turn(session.id, over.id) == over)
    }

    @Test func aBurial_endsTheTurnsOfTheDead_andOfNobodyElse() async throws {
        let fixture = try await StoreFixture()
        let dead = StoreFixture.description()
        try await fixture.registry.enter(dead)
        let session = fixture.makeSession()
        let first = AgentStateMachine(sessionID: session.id, at: session.createdAt).current
        try await fixture.sessions.insert(session, first: first, owner: dead.id)
        let mine = try await fixture.insertSession(identity: "mine").session
        let over = session.turn(1).ended(.empty, .endTurn)
        let journal = fixture.journal()
        let (running, theirs) = (session.turn(2), mine.turn(1))
        #expect(try await write([.turn(over), .turn(running), .turn(theirs)], journal) == .durable)
        try await fixture.sql(
            "UPDATE runtimes SET heartbeat_at = '2030-01-01 00:00:00Z' WHERE id = $1", [.uuid(dead.id.uuid)])
        #expect(try await fixture.registry.bury(dead.id) == [session.id])
        var cut = running.ended(.cancelled, .sessionEnded)
        cut.endedAt = try #require(try await fixture.sessions.session(session.id)?.endedAt)
        #expect(cut.endedAt?.description == "2030-01-01T00:00:00.000000Z")
        #expect(try await fixture.sessions.turns(session.id, TurnQuery()).turns == [cut, over])
        #expect(try await fixture.sessions.turns(mine.id, TurnQuery()).turns == [theirs])
        #expect(try await write([.turn(session.turn(3))], journal) == .refused)
        #expect(try await write([.incident(session.incident(1))], journal) == .refused)
    }

    @Test func afterTheEndOfASession_newTurnsAndIncidents_areRefused_evenInTheSameBatch() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let (other, _) = try await fixture.insertSession(identity: "other")
        let journal = fixture.journal()
        let tickets = [
            try journal.append([.turn(session.turn(1)), .incident(session.incident(1))]),
            try journal.append([session.ended(after: .seconds(60))]),
            try journal.append([.turn(session.turn(2))]), try journal.append([.incident(session.incident(2))]),
            try journal.append([.turn(other.turn(1)), .incident(other.incident(1))]),
        ]
        var outcomes: [JournalOutcome] = []
        for ticket in tickets { outcomes.append(await ticket.outcome(within: .seconds(60))) }
        #expect(outcomes == [.durable, .durable, .refused, .refused, .durable])
        #expect(try await fixture.sessions.turns(session.id, TurnQuery()).turns.map(\.outcome) == [.cancelled])
        #expect(try await fixture.sessions.incidents(session.id, IncidentQuery()).incidents == [session.incident(1)])
    }

    @Test func burialsAndTurns_atOnce_leaveNoTurnUnderWay() async throws {
        let fixture = try await StoreFixture()
        var sessions: [Session] = []
        for index in 0..<20 { sessions.append(try await fixture.insertSession(identity: "a\(index)").session) }
        let journal = fixture.journal(batchLimit: 40)
        var tickets: [JournalTicket] = []
        for epoch in 1...20 {
            for session in sessions {
                let turn = session.turn(Int64(epoch))
                tickets.append(try journal.append([.turn(turn)]))
                tickets.append(try journal.append([.turn(turn.ended(.committed, .endTurn))]))
            }
        }
        async let buried = fixture.registry.bury(fixture.runtime.id)
        var outcomes: [JournalOutcome] = []
        for ticket in tickets { outcomes.append(await ticket.outcome(within: .seconds(60))) }
        #expect(try await buried.count == 20)
        #expect(!outcomes.contains(.pending))
        #expect(try await fixture.number("SELECT count(*) FROM turns WHERE status <> 'ended'") == 0)
        let cancelled = try await fixture.number("SELECT count(*) FROM turns WHERE end_reason = 'session_ended'")
        let committed = try await fixture.number("SELECT count(*) FROM turns WHERE outcome = 'committed'")
        #expect(outcomes.filter { $0 == .durable }.count == cancelled + 2 * committed)
    }
}
