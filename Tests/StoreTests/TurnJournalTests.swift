import Domain
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Store

/// How turns get into PostgreSQL.
@Suite struct TurnJournalTests {
    private func write(_ entries: [JournalEntry], _ journal: JournalWriter) async throws -> JournalOutcome {
        await (try journal.append(entries)).outcome(within: .seconds(60))
    }

    @Test func aTurn_isWrittenOver_asItGoesOn() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let journal = fixture.journal()
        var turn = session.turn(1, holder: "zoë \"z\"").with(preRollMs: 480, audioMs: 480, speechMs: 0)
        turn.startCause = .api
        turn.startActor = nil
        let talked = turn.with(preRollMs: 480, audioMs: 2000, speechMs: 900)
        let steps = [
            turn, talked, talked.ending(.endTurn),
            talked.with(preRollMs: 480, audioMs: 2040, speechMs: 920, droppedFrames: 3).ended(.committed, .endTurn),
        ]
        for step in steps {
            #expect(try await write([.turn(step)], journal) == .durable)
            #expect(try await fixture.sessions.turn(session.id, turn.id) == step)
        }
        #expect(try await fixture.sessions.turns(session.id, TurnQuery()).turns == [steps[3]])
    }

    @Test(arguments: Turn.Outcome.allCases, Turn.EndReason.allCases)
    func everyOutcome_withEveryReason_comesBack(outcome: Turn.Outcome, reason: Turn.EndReason) async throws {
        let fixture = try await Self.shared.value
        let (session, _) = try await fixture.insertSession(identity: "\(outcome) \(reason)")
        let turn = session.turn(1).ended(outcome, reason)
        #expect(try await write([.turn(turn)], fixture.journal()) == .durable)
        #expect(try await fixture.sessions.turn(session.id, turn.id) == turn)
    }

    private static let shared = Task { try await StoreFixture() }

    @Test func anEndedTurn_neverChanges_whateverIsSaidOfItLater() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let journal = fixture.journal()
        let turn = session.turn(1)
        let over = turn.with(preRollMs: 0, audioMs: 100, speechMs: 20).ended(.committed, .endTurn)
        // Later in the same batch, then in batches of their own.
        #expect(try await write([.turn(turn), .turn(over), .turn(turn.ending(.cancelTurn))], journal) == .durable)
        #expect(try await fixture.sessions.turn(session.id, turn.id) == over)
        for late in [
            turn, turn.ending(.endTurn), turn.ended(.cancelled, .cancelTurn),
            over.ended(.committed, .endTurn, after: .zero),
        ] {
            #expect(try await write([.turn(late)], journal) == .durable)
            #expect(try await fixture.sessions.turn(session.id, turn.id) == over)
        }
    }

    @Test func aTurnWhoseEndHasBegun_isNotTakenBack() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let journal = fixture.journal()
        let ending = session.turn(1).ending(.holderMuted)
        #expect(try await write([.turn(ending)], journal) == .durable)
        var active = ending
        (active.status, active.endReason) = (.active, nil)
        #expect(try await write([.turn(active)], journal) == .durable)
        #expect(try await fixture.sessions.turn(session.id, ending.id) == ending)
    }

    @Test func theEndOfATurn_makesWayForTheNext_inOneBatch_inAnyOrder() async throws {
        let fixture = try await StoreFixture()
        let journal = fixture.journal()
        var sessions: [Session] = []
        for index in 0..<20 { sessions.append(try await fixture.insertSession(identity: "a\(index)").session) }
        let first = sessions.map { $0.turn(1) }
        #expect(try await write(first.map { .turn($0) }, journal) == .durable)
        let ends = first.map { $0.ended(.preempted, .preempted) }
        let next = sessions.map { $0.turn(2) }
        #expect(try await write((next + ends).map { .turn($0) }, journal) == .durable)
        for (index, session) in sessions.enumerated() {
            let found = try await fixture.sessions.turns(session.id, TurnQuery()).turns
            #expect(found == [next[index], ends[index]])
        }
    }

    @Test func aClockThatRanBackwards_doesNotKeepATurnFromEnding() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        var turn = session.turn(1).ended(.empty, .maxTurn, after: .seconds(-5))
        #expect(try await write([.turn(turn)], fixture.journal()) == .durable)
        turn.endedAt = turn.startedAt
        #expect(try await fixture.sessions.turn(session.id, turn.id) == turn)
    }

    @Test func textsThatPostgresCannotKeep_areKeptAsFarAsTheyCanBe() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let turn = session.turn(1, holder: "a\u{0}" + String(repeating: "é", count: 600))
        var incident = session.incident(1)
        (incident.participant, incident.detail) = ("b\u{0}", String(repeating: "é", count: 3000))
        #expect(try await write([.turn(turn), .incident(incident)], fixture.journal()) == .durable)
        let stored = try #require(try await fixture.sessions.turn(session.id, turn.id))
        // The replacement character takes three bytes.
        #expect(stored.holder == "a\u{FFFD}" + String(repeating: "é", count: 510))
        #expect(stored.startActor == stored.holder)
        incident.participant = "b\u{FFFD}"
        incident.detail = String(repeating: "é", count: 2048)
        #expect(try await fixture.sessions.incidents(session.id, IncidentQuery()).incidents == [incident])
    }

    @Test func whatIsRefused_doesNotHoldUpTheRest() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let (other, _) = try await fixture.insertSession(identity: "other")
        let first = session.turn(1).ended(.committed, .endTurn)
        let running = session.turn(2)
        var renamed = running
        renamed.holder = "bob"
        var moved = running
        moved.sessionID = other.id
        var foreign = other.turn(1)
        foreign.sessionID = SessionID(uuid: UUID())
        var playout = other.turn(1)
        playout.startCause = .playout
        let bad: [Turn] = [
            session.turn(1).ended(.empty, .endTurn), session.turn(3), renamed, moved, foreign, playout, other.turn(0),
            other.turn(1, holder: ""), other.turn(1).with(preRollMs: 20, audioMs: 0, speechMs: 0),
            other.turn(1).with(preRollMs: 0, audioMs: 20, speechMs: 40),
            other.turn(1).with(preRollMs: 0, audioMs: 20, speechMs: 0, droppedFrames: -1),
        ]
        let journal = fixture.journal()
        let before = try journal.append([.turn(first), .turn(running)])
        let refused = try bad.map { try journal.append([.turn($0)]) }
        let after = try journal.append([.turn(running.ended(.timedOut, .maxTurn)), .turn(other.turn(1))])
        #expect(await before.outcome(within: .seconds(60)) == .durable)
        for (ticket, turn) in zip(refused, bad) {
            #expect(await ticket.outcome(within: .seconds(60)) == .refused, "\(turn)")
        }
        #expect(await after.outcome(within: .seconds(60)) == .durable)
        let found = try await fixture.sessions.turns(session.id, TurnQuery()).turns
        #expect(found == [running.ended(.timedOut, .maxTurn), first])
        #expect(try await fixture.sessions.turns(other.id, TurnQuery()).turns.map(\.epoch) == [1])
    }

    @Test func aBatch_mayBeWrittenAgain_afterItsSessionHasEndedToo() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let over = session.turn(1).ended(.committed, .endTurn)
        let running = session.turn(2)
        let entries: [JournalEntry] = [
            .turn(over), .turn(running), .incident(session.incident(1)), session.ended(after: .seconds(60)),
        ]
        for _ in 0..<2 { #expect(try await write(entries, fixture.journal()) == .durable) }
        var cut = running.ended(.cancelled, .sessionEnded)
        cut.endedAt = session.createdAt + .seconds(60)
        #expect(try await fixture.sessions.turns(session.id, TurnQuery()).turns == [cut, over])
        #expect(try await fixture.number("SELECT count(*) FROM incidents") == 1)
    }

    /// The whole batch was committed, and then parts of it come again.
    @Test func halvesOfABatch_thatWasWrittenAsAWhole_areTakenAgain() async throws {
        let fixture = try await StoreFixture()
        let real = PostgresJournalSink(pool: fixture.pool)
        let sink = ScriptedSink { (units) throws(JournalFailure) in
            _ = try await real.write(units)
            if units.count > 1 { throw .overdue("the reply came too late") }
        }
        var configuration = JournalConfiguration()
        configuration.backoff = .milliseconds(1) ... .milliseconds(2)
        let journal = JournalWriter(
            sink: sink, events: PlainEvents(), clock: SystemClock(), metrics: nil,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, configuration: configuration)
        let (session, _) = try await fixture.insertSession()
        let (first, second) = (session.turn(1), session.turn(2))
        let firstEnd = first.ended(.committed, .endTurn)
        let talked = second.with(preRollMs: 20, audioMs: 60, speechMs: 0)
        let entries: [JournalEntry] = [
            .turn(first), .turn(first.ending(.endTurn)), .turn(firstEnd), .incident(session.incident(1)),
            .turn(second), .turn(talked), .turn(talked.ending(.maxTurn)), session.ended(after: .seconds(60)),
        ]
        let tickets = try entries.map { try journal.append([$0]) }
        sink.open()
        for ticket in tickets { #expect(await ticket.outcome(within: .seconds(60)) == .durable) }
        #expect(sink.sizes.filter { $0 > 2 }.count > 2)
        var cut = talked.ended(.cancelled, .sessionEnded)
        cut.endedAt = session.createdAt + .seconds(60)
        #expect(try await fixture.sessions.turns(session.id, TurnQuery()).turns == [cut, firstEnd])
    }

    @Test func aBatch_stopsBeforeWhatComesAfterASessionsEnd() async throws {
        let time = StoreFixture.start
        let spec = SessionSpec(room: "room", agent: AgentProfile(identity: "agent"))
        let session = Session(id: SessionID(at: time), spec: spec, createdAt: time)
        let end = session.ended(after: .seconds(9))
        for late in [JournalEntry.turn(session.turn(2)), .incident(session.incident(1))] {
            let queue = JournalQueue(JournalConfiguration(), depth: nil)
            for entries in [[.turn(session.turn(1)), end], [.methodUsage(session.id, [:])], [late], [end]] {
                _ = try queue.append(entries, [])
            }
            queue.close()
            #expect(await queue.next()?.map(\.entries.count) == [2, 1])
            #expect(await queue.next()?.entries == [late, end])
        }
    }
}
