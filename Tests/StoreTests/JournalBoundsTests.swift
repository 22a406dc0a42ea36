import Domain
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Store

/// What the journal holds and what it writes at once is bounded.
@Suite struct JournalBoundsTests {
    private func journal(
        _ sink: any JournalSink, queueBytes: Int = 64 << 20, batchBytes: Int = 4 << 20,
        onRefused: @escaping @Sendable ([JournalEntry]) -> Void = { _ in }
    ) -> JournalWriter {
        var configuration = JournalConfiguration()
        configuration.backoff = .milliseconds(1) ... .milliseconds(2)
        configuration.queueBytes = queueBytes
        configuration.batchBytes = batchBytes
        return JournalWriter(
            sink: sink, events: PlainEvents(), clock: SystemClock(), metrics: nil,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            configuration: configuration, onRefused: onRefused)
    }

    private func machine() -> AgentStateMachine {
        AgentStateMachine(sessionID: SessionID(at: StoreFixture.start), at: StoreFixture.start)
    }

    /// A receipt that holds a little more than `bytes`.
    private func receipt(bytes: Int) -> JournalEntry {
        let time = StoreFixture.start
        let response = String(repeating: "x", count: bytes / 2)
        return .notification(
            NotificationReceipt(
                id: NotificationID(at: time), sessionID: SessionID(at: time), method: "m", trigger: .api,
                agentStateSeq: 1, createdAt: time, completedAt: time,
                recipients: ["a", "b"].map {
                    RecipientReceipt(identity: $0, outcome: .acknowledged, response: response)
                }))
    }

    @Test func theQueue_isBoundedInBytes_untilTheyAreWritten() async throws {
        let sink = ScriptedSink()
        let journal = journal(sink, queueBytes: 1 << 20)
        let half = receipt(bytes: 500_000)
        let tickets = [try journal.append([half]), try journal.append([half])]
        #expect(throws: TurngateError.overloaded("the journal is full")) { try journal.append([half]) }
        #expect(throws: TurngateError.overloaded("the journal is full")) { try journal.append([half, half, half]) }
        let small = try journal.append([receipt(bytes: 1000)])
        sink.open()
        for ticket in tickets + [small] { #expect(await ticket.outcome(within: .seconds(20)) == .durable) }
        let again = try journal.append([half, half])
        #expect(await again.outcome(within: .seconds(20)) == .durable)
    }

    @Test func everyText_countsAgainstTheBound() {
        let text = String(repeating: "x", count: 1000)
        var progress = SessionProgress(
            of: Session(
                id: SessionID(at: StoreFixture.start),
                spec: SessionSpec(room: "r", agent: AgentProfile(identity: "a")), createdAt: StoreFixture.start))
        (progress.roomSid, progress.agentSid) = (text, text)
        progress.end = SessionEnd(.internalError, detail: text)
        var step = machine().current
        (step.actor, step.reason) = (text, text)
        let time = StoreFixture.start
        let receipt = NotificationReceipt(
            id: NotificationID(at: time), sessionID: progress.id, method: text, trigger: .api, agentStateSeq: 1,
            createdAt: time,
            recipients: [
                RecipientReceipt(identity: text, outcome: .acknowledged, response: text),
                RecipientReceipt(identity: text, outcome: .failed, error: RPCError(code: 1, message: text, data: text)),
            ])
        var turn = Turn(
            id: TurnID(at: time), sessionID: progress.id, epoch: 1, holder: text, startedAt: time, startCause: .rpc,
            startActor: text)
        (turn.outcome, turn.endReason) = (.committed, .endTurn)
        let incident = Incident(
            sessionID: progress.id, seq: 1, at: time, finding: .noFrames, participant: text, detail: text, healed: true)
        let usage = [text: RPCMethodUsage(), text + "2": RPCMethodUsage()]
        let call = RPCInvocationRecord(
            id: InvocationID(at: time), sessionID: progress.id, direction: .in, method: text, participant: text,
            startedAt: time, duration: .zero, outcome: .failed, error: RPCError(code: 1, message: text, data: text),
            payload: text, response: text)
        for (entry, texts) in [
            (JournalEntry.session(progress), 3), (.transition(step), 2), (.notification(receipt), 6),
            (.turn(turn), 2), (.incident(incident), 2), (.methodUsage(progress.id, usage), 2),
            (.invocation(call), 6),
        ] {
            let rest = entry.estimatedBytes - texts * 1000
            #expect(rest > 0 && rest < 1000, "\(entry.kind)")
        }
    }

    @Test func aBatch_isBoundedInBytes_butKeepsAUnitWhole() async throws {
        let sink = ScriptedSink()
        let journal = journal(sink, batchBytes: 10_000)
        var tickets = [try journal.append([receipt(bytes: 4000)])]
        #expect(await sink.waitUntilAsked())
        for bytes in [4000, 4000, 4000, 30_000, 4000] { tickets.append(try journal.append([receipt(bytes: bytes)])) }
        tickets.append(try journal.append([receipt(bytes: 8000), receipt(bytes: 8000)]))
        sink.open()
        for ticket in tickets { #expect(await ticket.outcome(within: .seconds(20)) == .durable) }
        #expect(sink.sizes == [1, 2, 1, 1, 1, 1])
    }

    /// A journal whose writer is stuck with the unit before the eight that
    /// follow, and the tickets of these.
    private func eight(_ sink: ScriptedSink) async throws -> [JournalTicket] {
        var machine = machine()
        let journal = journal(sink)
        _ = try journal.append(try machine.walk(1).map { .transition($0) })
        #expect(await sink.waitUntilAsked())
        return try machine.walk(8).map { try journal.append([.transition($0)]) }
    }

    @Test func aBatchThatIsOverdueTwice_isWrittenInHalves_inOrder() async throws {
        let sink = ScriptedSink { (units) throws(JournalFailure) in
            if units.count > 2 { throw .overdue("too much") }
        }
        let tickets = try await eight(sink)
        sink.open()
        for ticket in tickets { #expect(await ticket.outcome(within: .seconds(20)) == .durable) }
        let expected: [ClosedRange<Int64>] = [
            2...2, 3...10, 3...10, 3...6, 3...6, 3...4, 5...6, 7...10, 7...10, 7...8, 9...10,
        ]
        #expect(sink.attempts == expected.map { Array($0) })
    }

    @Test func aBatch_isOnlyHalvedWhenItIsOverdueTwiceInARow() async throws {
        let calls = Mutex(0)
        let sink = ScriptedSink { (units) throws(JournalFailure) in
            guard units.count > 1 else { return }
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            if call > 6 { return }
            throw call % 2 == 0 ? .away("gone") : .overdue("slow")
        }
        let tickets = try await eight(sink)
        sink.open()
        for ticket in tickets { #expect(await ticket.outcome(within: .seconds(20)) == .durable) }
        #expect(sink.sizes == [1] + Array(repeating: 8, count: 7))
    }

    @Test func aSingleUnit_isTriedAsOften_asItIsOverdue() async throws {
        let calls = Mutex(0)
        let sink = ScriptedSink { (_) throws(JournalFailure) in
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            if call < 6 { throw .overdue("slow") }
        }
        let journal = journal(sink)
        sink.open()
        var machine = machine()
        let ticket = try journal.append(try machine.walk(3).map { .transition($0) })
        #expect(await ticket.outcome(within: .seconds(20)) == .durable)
        #expect(sink.attempts == Array(repeating: [2, 3, 4], count: 6))
    }

    /// The whole batch was committed, and then parts of it come again: nothing
    /// of that is refused, and nothing goes back.
    @Test func halvesOfABatch_thatWasWrittenAsAWhole_areTakenAgain() async throws {
        let fixture = try await StoreFixture()
        let real = PostgresJournalSink(pool: fixture.pool)
        let sink = ScriptedSink { (units) throws(JournalFailure) in
            _ = try await real.write(units)
            if units.count > 1 { throw .overdue("the reply came too late") }
        }
        let refused = Mutex<[JournalEntry]>([])
        let journal = journal(sink) { entries in refused.withLock { $0 += entries } }
        var (session, machine) = try await fixture.insertSession()
        var other = try await fixture.insertSession(identity: "other").machine
        session.activatedAt = session.createdAt
        var units = [try other.walk(1).map { JournalEntry.transition($0) }]
        units += try machine.walk(3).map { [.transition($0)] }
        units.append([session.progress { $0.status = .active }])
        units.append([session.progress { $0.status = .reconnecting }])
        units.append([session.progress { $0.status = .active }])
        units.append([session.progress { $0.status = .ending }])
        units.append([session.ended(after: .seconds(60))])
        units.append(try other.walk(1).map { .transition($0) })
        let tickets = try units.map { try journal.append($0) }
        sink.open()
        for ticket in tickets { #expect(await ticket.outcome(within: .seconds(60)) == .durable) }
        #expect(refused.withLock { $0 } == [])
        #expect(sink.sizes.filter { $0 > 2 }.count > 2)
        #expect(try await fixture.rows(of: session.id).map(\.seq) == Array(1...4))
        let stored = try await fixture.sessions.session(session.id)
        #expect(stored?.status == .ended && stored?.endedAt == session.createdAt + .seconds(60))
    }

    /// Tells of everything at length.
    private struct LongEvents: EventEncoding {
        func events(of news: SessionNews) -> [EventDraft] {
            let text = String(repeating: "x", count: 400_000)
            return [EventDraft(type: .gateChanged, at: StoreFixture.start, data: Array(#"{"x":"\#(text)"}"#.utf8))]
        }
    }

    @Test func whatIsTold_countsAgainstTheBound() throws {
        var configuration = JournalConfiguration()
        configuration.queueBytes = 1 << 20
        let journal = JournalWriter(
            sink: ScriptedSink(), events: LongEvents(), clock: SystemClock(), metrics: nil,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, configuration: configuration)
        let entry = JournalEntry.transition(machine().current)
        let tickets = [try journal.append([entry]), try journal.append([entry])]
        #expect(throws: TurngateError.overloaded("the journal is full")) { try journal.append([entry]) }
        #expect(tickets.count == 2)
    }
}
