import Domain
import Foundation
import Store
import TestSupport
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

    @Test(arguments: [false, true])
    func aBurial_tellsOfTheTurnItCuts_asOfOneThatWasJournalled_beforeTheEnd(isEnding: Bool) async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let (other, _) = try await fixture.insertSession(identity: "other")
        let running = session.turn(2).with(preRollMs: 40, audioMs: 400, speechMs: 300, droppedFrames: 2)
        let turns = [session.turn(1).ended(.committed, .endTurn), isEnding ? running.ending(.endTurn) : running]
        #expect(try await write(turns.map { .turn($0) }, fixture.journal()) == .durable)
        #expect(Set(try await fixture.registry.bury(fixture.runtime.id)) == [session.id, other.id])
        let mine = try await fixture.events(.session(session.id)).suffix(2)
        #expect(mine.map(\.type) == ["turn.cancelled", "session.failed"])
        #expect(try await fixture.events(.session(other.id)).map(\.type).last == "session.failed")
        #expect(try await fixture.number("SELECT count(*) FROM events WHERE type = 'turn.cancelled'") == 1)
        let stored = try #require(try await fixture.sessions.turn(session.id, running.id))
        let told = try #require(
            try await fixture.log.events(EventQuery(scope: .everything)).first {
                $0.type == .turnCancelled
            })
        let envelope = try JSONDecoder().decode(CutTurn.Envelope.self, from: Data(told.json))
        #expect(envelope.data == CutTurn(stored))
        #expect(stored.outcome == .cancelled && envelope.at == stored.endedAt?.description)
    }

    @Test func aTurnThatBeginsWhileTheBurialWaits_isToldOfToo() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let turn = session.turn(1)
        let journal = try await fixture.blocker(
            """
            SELECT FROM sessions FOR NO KEY UPDATE;
            INSERT INTO turns (id, session_id, epoch, holder, status, started_at, start_cause, pre_roll_ms, audio_ms,
                speech_ms, dropped_frames)
            VALUES ('\(turn.id.uuid)', '\(session.id.uuid)', 1, 'alice', 'active', '\(turn.startedAt)', 'rpc', 0, 0, 0, 0)
            """)
        async let buried = fixture.registry.bury(fixture.runtime.id)
        let waiting = """
            SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
            """
        #expect(await eventually(within: .seconds(60)) { (try? await fixture.number(waiting)) == 1 })
        try await journal.run(script: "COMMIT", timeout: .seconds(60))
        journal.close()
        #expect(try await buried == [session.id])
        #expect(try await fixture.events().suffix(2).map(\.type) == ["turn.cancelled", "session.failed"])
        #expect(try await fixture.sessions.turn(session.id, turn.id)?.outcome == .cancelled)
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

/// A turn in an event's data, by all the members that the contract has.
private struct CutTurn: Decodable, Equatable {
    struct Envelope: Decodable {
        var at: String
        var data: CutTurn
    }

    struct StartedBy: Decodable, Equatable {
        var cause: String
        var actor: String?
    }

    var id: String
    var session_id: String
    var epoch: Int64
    var holder: String
    var status: String
    var outcome: String?
    var end_reason: String?
    var started_at: String
    var ended_at: String?
    var started_by: StartedBy
    var pre_roll_ms: Int64
    var audio_ms: Int64
    var speech_ms: Int64
    var dropped_frames: Int64
    var audio_kept: Bool

    init(_ turn: Turn) {
        id = turn.id.description
        session_id = turn.sessionID.description
        epoch = turn.epoch
        holder = turn.holder
        status = turn.status.rawValue
        outcome = turn.outcome?.rawValue
        end_reason = turn.endReason?.rawValue
        started_at = turn.startedAt.description
        ended_at = turn.endedAt?.description
        started_by = StartedBy(cause: turn.startCause.rawValue, actor: turn.startActor)
        pre_roll_ms = turn.audio.preRollMs
        audio_ms = turn.audio.audioMs
        speech_ms = turn.audio.speechMs
        dropped_frames = turn.audio.droppedFrames
        audio_kept = turn.audioKept
    }
}
