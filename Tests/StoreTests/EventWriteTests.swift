import Domain
import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

/// What is written is told, in the same transaction.
@Suite struct EventWriteTests {
    @Test func aSession_isToldOfFromItsFirstMoment_toTheLast() async throws {
        let wakes = Mutex(0)
        let fixture = try await StoreFixture(onEvents: { wakes.withLock { $0 += 1 } })
        var (session, _) = try await fixture.insertSession(room: "a \"room\"\u{1}")
        #expect(wakes.withLock { $0 } == 1)
        session.spec.metadata = "{\"a\":\r\n\"b\"}"
        try await fixture.sessions.update(session)
        #expect(wakes.withLock { $0 } == 2)
        let ticket = try fixture.journal().append([session.ended(after: .seconds(9))])
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)

        let events = try await fixture.events()
        #expect(events.map(\.type) == ["session.created", "agent_state.changed", "session.updated", "session.ended"])
        #expect(events.map(\.seq) == [1, 2, 3, 4])
        #expect(events.allSatisfy { $0.session_id == "\(session.id)" && $0.room == "a \"room\"\u{1}" })
        #expect(events[0].at == "2026-11-22T10:31:07.123456Z" && events[0].trace_id == nil)
        #expect(events[1].data == ["seq": .number(1)] && events[2].data == ["a": .text("b")])
        #expect(events.allSatisfy { EventID($0.id) != nil })
        let stored = try await fixture.log.events(EventQuery(scope: .everything))
        #expect(stored.allSatisfy { !$0.json.contains(UInt8(ascii: "\n")) && !$0.json.contains(UInt8(ascii: "\r")) })
        #expect(stored.map { "\($0.id)" } == events.map(\.id) && stored.map(\.type.rawValue) == events.map(\.type))
        #expect(stored.allSatisfy { $0.sessionID == session.id && $0.room == session.spec.room })
    }

    @Test func aPatchThatIsRefused_isNotTold() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let ticket = try fixture.journal().append([session.ended(after: .seconds(9))])
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)
        await #expect(throws: TurngateError.conflict(.sessionNotWorking(session.id, status: .ended))) {
            try await fixture.sessions.update(session)
        }
        await #expect(throws: TurngateError.notFound(.session)) {
            try await fixture.sessions.update(fixture.makeSession(identity: "other"))
        }
        #expect(try await fixture.events(types: [.sessionUpdated]).isEmpty)
    }

    @Test func aSessionThatIsRefused_isNotTold() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        await #expect(throws: TurngateError.self) { try await fixture.insertSession(after: .seconds(1)) }
        #expect(try await fixture.events().allSatisfy { $0.session_id == "\(session.id)" })
    }

    @Test func events_haveTheTraceThatIsInForceWhenTheyHappen() async throws {
        let fixture = try await StoreFixture()
        let journal = fixture.journal()
        let trace = TraceContext.start()
        let session = try await TraceContext.$current.withValue(trace) {
            let (session, _) = try await fixture.insertSession()
            let ticket = try journal.append([.incident(session.incident(1))])
            #expect(await ticket.outcome(within: .seconds(60)) == .durable)
            return session
        }
        let ticket = try journal.append([.incident(session.incident(2))])
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)
        #expect(try await fixture.events().map(\.trace_id) == [trace.traceID, trace.traceID, trace.traceID, nil])
        let first = try #require(try await fixture.sql("SELECT traceparent FROM events ORDER BY position").first)
        #expect(try first.get("traceparent") == trace.traceparent)
    }

    @Test func aBatch_isToldInTheOrderInWhichItWasAppended_acrossKinds() async throws {
        let fixture = try await StoreFixture()
        var (session, machine) = try await fixture.insertSession()
        let (other, _) = try await fixture.insertSession(identity: "other")
        // All in one batch, as the writer is kept busy meanwhile.
        let blocker = try await fixture.blocker("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")
        let journal = fixture.journal()
        let first = try journal.append([.incident(session.incident(1))])
        var turn = session.turn(1)
        let gate = SessionOccurrence(
            sessionID: other.id, at: StoreFixture.start,
            kind: .gateChanged(ParticipantGate(identity: "a", isOpen: true, reason: .api)))
        let entries: [JournalEntry] = [
            .incident(session.incident(2)), .transition(try machine.next(.listening)), .occurrence(gate), .turn(turn),
            .methodUsage(session.id, [:]), .invocation(call(session, "one")), .transition(try machine.next(.thinking)),
        ]
        var tickets = [first] + (try entries.map { try journal.append([$0]) })
        turn.status = .ended
        (turn.outcome, turn.endReason, turn.endedAt) = (.committed, .endTurn, turn.startedAt)
        tickets.append(try journal.append([.turn(turn), .invocation(call(session, "two"))]))
        tickets.append(try journal.append([session.ended(after: .seconds(60))]))
        try await blocker.run(script: "COMMIT", timeout: .seconds(60))
        blocker.close()
        for ticket in tickets { #expect(await ticket.outcome(within: .seconds(60)) == .durable) }
        let expected: [EventType] = [
            .incidentFound, .incidentFound, .agentStateChanged, .gateChanged, .turnStarted, .rpcInvoked,
            .agentStateChanged, .turnEnded, .rpcInvoked, .sessionEnded,
        ]
        #expect(try await fixture.events().dropFirst(4).map(\.type) == expected.map(\.rawValue))
        let mine = try await fixture.events(.session(session.id))
        #expect(mine.map(\.seq) == Array(1...11))
        #expect(try await fixture.events(.session(other.id)).map(\.seq) == [1, 2, 3])
    }

    private func call(_ session: Session, _ method: String) -> RPCInvocationRecord {
        RPCInvocationRecord(
            id: InvocationID(at: StoreFixture.start), sessionID: session.id, direction: .in, method: method,
            participant: "alice", startedAt: StoreFixture.start, duration: .milliseconds(3), outcome: .answered)
    }

    @Test func aUnitThatIsRefused_isNotTold_andLeavesNoGap() async throws {
        let fixture = try await StoreFixture()
        var (session, machine) = try await fixture.insertSession()
        let journal = fixture.journal()
        var wrong = try machine.next(.listening)
        wrong.seq = 7
        let tickets = [
            try journal.append([.incident(session.incident(1)), .transition(wrong)]),
            try journal.append([.incident(session.incident(2))]),
        ]
        #expect(await tickets[0].outcome(within: .seconds(60)) == .refused)
        #expect(await tickets[1].outcome(within: .seconds(60)) == .durable)
        let events = try await fixture.events()
        #expect(events.map(\.seq) == [1, 2, 3])
        #expect(events.last?.data == ["seq": .number(2)])
    }

    @Test func aBurial_isTold_inTheFormOfAnEnd() async throws {
        let fixture = try await StoreFixture()
        let (one, _) = try await fixture.insertSession()
        let (two, _) = try await fixture.insertSession(identity: "two")
        #expect(try await fixture.registry.bury(fixture.runtime.id) == [one.id, two.id].sorted())
        let events = try await fixture.events(types: [.sessionFailed])
        #expect(Set(events.map(\.session_id)) == ["\(one.id)", "\(two.id)"] && events.map(\.seq) == [3, 3])
        let stored = try #require(try await fixture.sessions.session(one.id))
        let data = try #require(events.first { $0.session_id == "\(one.id)" }?.data)
        #expect(
            Set(data.keys) == [
                "status", "room_sid", "agent_sid", "activated_at", "ended_at", "end_reason", "end_detail",
            ])
        #expect(data["status"] == .text("failed") && data["end_reason"] == .text("runtime_lost"))
        #expect(data["ended_at"] == .text("\(try #require(stored.endedAt))"))
        #expect(data["room_sid"] == .other && data["activated_at"] == .other)
        #expect(try await fixture.registry.bury(fixture.runtime.id) == [])
        #expect(try await fixture.events(types: [.sessionFailed]).count == 2)
    }

    @Test func aSessionThatIsInsertedAgain_isToldOnce_andLaterEventsStandAlone() async throws {
        let fixture = try await StoreFixture()
        let (session, machine) = try await fixture.insertSession()
        try await fixture.sessions.insert(session, first: machine.current, owner: fixture.runtime.id)
        #expect(try await fixture.events().map(\.type) == ["session.created", "agent_state.changed"])
    }

    /// Tells one thing, at a length.
    private struct LongEvents: EventEncoding {
        let bytes: Int
        func events(of news: SessionNews) -> [EventDraft] {
            let text = String(repeating: "x", count: bytes - 8)
            return [EventDraft(type: .gateChanged, at: StoreFixture.start, data: Array(#"{"x":"\#(text)"}"#.utf8))]
        }
    }

    @Test(arguments: [(524_288, false), (524_289, true)])
    func dataThatIsTooLong_isLeftOut_andLosesNothingElse(bytes: Int, isLeftOut: Bool) async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let journal = fixture.journal(events: LongEvents(bytes: bytes))
        let ticket = try journal.append([.incident(session.incident(1))])
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)
        let event = try #require(try await fixture.events(types: [.gateChanged]).first)
        #expect(event.data["bytes"] == (isLeftOut ? .number(bytes) : nil))
        #expect(try await fixture.sessions.incidents(session.id, IncidentQuery()).incidents.count == 1)
    }
}
