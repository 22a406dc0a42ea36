import Domain
import Foundation
import Logging
import Metrics
import Store
import Synchronization
import Testing
import TestSupport

@Suite struct JournalTests {
    @Test func everyKindOfEntry_isKept_andCanBeReadBack() async throws {
        let fixture = try await StoreFixture()
        var (session, machine) = try await fixture.insertSession()
        let method = RPCMethodReport(
            spec: RPCMethodSpec(name: "echo", handler: .echo), builtin: false, registeredAt: StoreFixture.start)
        try await fixture.sessions.insertMethod(session.id, method)
        var usage = RPCMethodUsage()
        usage.record(latency: .microseconds(1500), failed: false, at: StoreFixture.start + .seconds(1))
        let time = StoreFixture.start
        let receipt = NotificationReceipt(
            id: NotificationID(at: time), sessionID: session.id, method: "your_turn_to_speak", trigger: .policy,
            agentStateSeq: 2, createdAt: time, completedAt: time + .seconds(5),
            recipients: [
                RecipientReceipt(
                    identity: "zoë \"z\"", outcome: .acknowledged, response: "o\nk\\", latency: .microseconds(11_412)),
                RecipientReceipt(
                    identity: "bob", outcome: .unsupported, error: RPCError(.unsupportedMethod),
                    latency: .milliseconds(9)),
                RecipientReceipt(
                    identity: "al", outcome: .failed, error: RPCError(code: 4_294_967_295, message: "", data: "{}"),
                    latency: .zero),
            ])
        let journal = fixture.journal()
        let ticket = try journal.append([
            session.progress {
                $0.status = .active; $0.activatedAt = time + .seconds(1); $0.roomSid = "RM_1"; $0.agentSid = "PA_1"
            },
            .transition(try machine.next(.listening)), .notification(receipt),
            .methodUsage(session.id, ["echo": usage, "gone": usage]),
        ])
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)
        session.status = .active
        session.activatedAt = time + .seconds(1)
        (session.roomSid, session.agentSid) = ("RM_1", "PA_1")
        session.rpcMethods = (session.rpcMethods + ["echo"]).sorted()
        session.spec.rpcMethods = [method.spec]
        (session.agentState, session.agentStateSeq, session.agentStateSince) = (.listening, 2, machine.current.at)
        #expect(try await fixture.sessions.session(session.id) == session)
        #expect(try await fixture.sessions.notification(session.id, receipt.id) == receipt)
        #expect(try await fixture.sessions.notification(SessionID(at: time), receipt.id) == nil)
        #expect(try await fixture.sessions.methods(session.id).first { $0.spec.name == "echo" }?.usage == usage)
    }

    @Test func notifications_areListedNewestFirst() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let receipts = (0..<5).map { index in
            let time = StoreFixture.start + .seconds(index)
            return NotificationReceipt(
                id: NotificationID(at: time), sessionID: session.id, method: "m", trigger: .api, agentStateSeq: 1,
                createdAt: time, completedAt: time, recipients: [])
        }
        let ticket = try fixture.journal().append(receipts.map { .notification($0) })
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)
        let first = try await fixture.sessions.notifications(session.id, NotificationQuery(limit: 3))
        #expect(first.receipts == Array(receipts.reversed().prefix(3)))
        let second = try await fixture.sessions.notifications(
            session.id, NotificationQuery(before: first.next, limit: 3))
        #expect(second.receipts == Array(receipts.reversed().suffix(2)))
        #expect(second.next == nil)
    }

    @Test func aPoisonedEntry_isRefusedWithItsUnit_andTheOthersAreWritten() async throws {
        let registry = MetricsRegistry()
        let metrics = StoreMetrics(registry: registry)
        let fixture = try await StoreFixture()
        let told = Mutex<[JournalEntry]>([])
        var machines: [AgentStateMachine] = []
        for index in 0..<10 { machines.append(try await fixture.insertSession(identity: "a\(index)").machine) }
        let journal = fixture.journal(metrics: metrics) { entries in told.withLock { $0 += entries } }
        var tickets: [(JournalTicket, Bool)] = []
        for round in 0..<10 {
            for index in machines.indices {
                var entries = try machines[index].walk(1).map { JournalEntry.transition($0) }
                // Session 4 leaves a hole in round 3; whatever follows it there cannot be kept.
                if index == 4, round == 3 { entries = try machines[index].walk(1).map { .transition($0) } }
                tickets.append((try journal.append(entries), !(index == 4 && round >= 3)))
            }
            // A unit with a good half and a bad half.
            let good = try machines[0].walk(1)
            var bad = good[0]
            bad.seq += 100
            tickets.append((try journal.append([.transition(good[0]), .transition(bad)]), false))
            machines[0] = try rebuilt(machines[0], without: good[0])
        }
        for (ticket, good) in tickets {
            #expect(await ticket.outcome(within: .seconds(60)) == (good ? .durable : .refused))
        }
        #expect(try await fixture.number("SELECT count(*) FROM agent_state_transitions") == 10 + 93)
        #expect(told.withLock { $0.count } == 93)
        let text = registry.text(.prometheus)
        #expect(text.contains(#"turngate_store_entries_total{result="refused"} 27"#))
        #expect(text.contains(#"turngate_store_entries_total{result="written"} 93"#))
    }

    /// The machine as it was before it made `step`.
    private func rebuilt(_ machine: AgentStateMachine, without step: AgentStateTransition) throws -> AgentStateMachine {
        var copy = AgentStateMachine(sessionID: step.sessionID, at: StoreFixture.start)
        for _ in 1..<(step.seq - 1) { _ = try copy.walk(1) }
        #expect(copy.current.newState == step.oldState)
        return copy
    }

    @Test func fiftySessionsAtOnce_keepTheirOrder_withoutHolesOrDoubles() async throws {
        let fixture = try await StoreFixture()
        let told = Mutex<[SessionID: [Int64]]>([:])
        let journal = fixture.journal { entries in
            told.withLock { told in
                for case .transition(let transition) in entries {
                    told[transition.sessionID, default: []].append(transition.seq)
                }
            }
        }
        var machines: [AgentStateMachine] = []
        for index in 0..<50 { machines.append(try await fixture.insertSession(identity: "a\(index)").machine) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for machine in machines {
                group.addTask {
                    var machine = machine
                    for round in 0..<40 {
                        let ticket = try journal.append(try machine.walk(2).map { .transition($0) })
                        if round % 8 == 0 { #expect(await ticket.outcome(within: .seconds(60)) == .durable) }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await journal.close(deadline: .seconds(60)) == 0)
        for machine in machines {
            let rows = try await fixture.rows(of: machine.current.sessionID)
            #expect(rows.map(\.seq) == Array(1...81))
            #expect(told.withLock { $0[machine.current.sessionID] } == Array(2...81))
        }
    }

    @Test func aTransitionAfterTheEnd_isRefused_evenInTheSameBatch() async throws {
        let fixture = try await StoreFixture()
        var (session, machine) = try await fixture.insertSession()
        let before = try machine.walk(1).map { JournalEntry.transition($0) }
        let journal = fixture.journal()
        let tickets = [
            try journal.append(before), try journal.append([session.ended(after: .seconds(60))]),
            try journal.append(try machine.walk(1).map { .transition($0) }),
        ]
        #expect(await tickets[0].outcome(within: .seconds(60)) == .durable)
        #expect(await tickets[1].outcome(within: .seconds(60)) == .durable)
        #expect(await tickets[2].outcome(within: .seconds(60)) == .refused)
        let again = try journal.append([session.ended(after: .seconds(60))])
        #expect(await again.outcome(within: .seconds(60)) == .durable)
        let other = try journal.append([session.ended(after: .seconds(90), reason: .internalError)])
        #expect(await other.outcome(within: .seconds(60)) == .refused)
        #expect(try await fixture.sessions.session(session.id)?.endedAt == session.createdAt + .seconds(60))
    }

    @Test func textsThatPostgresCannotKeep_areKeptAsFarAsTheyCanBe() async throws {
        let fixture = try await StoreFixture()
        var (session, machine) = try await fixture.insertSession()
        let step = try machine.next(.listening, actor: "a\u{0}b", reason: String(repeating: "é", count: 600))
        let ticket = try fixture.journal().append([.transition(step)])
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)
        let row = try #require(try await fixture.rows(of: session.id).last)
        #expect(row.actor == "a\u{FFFD}b")
        #expect(row.reason == String(repeating: "é", count: 512))
    }

    @Test func onlyWhatIsDurable_isCounted_withItsDwell() async throws {
        let registry = MetricsRegistry()
        let metrics = StoreMetrics(registry: registry)
        let fixture = try await StoreFixture(metrics: metrics)
        var (_, machine) = try await fixture.insertSession()
        let journal = fixture.journal(metrics: metrics)
        for pair in [try machine.walk(2, every: .seconds(2)), try machine.walk(1, every: .seconds(4))] {
            let ticket = try journal.append(pair.map { .transition($0) })
            #expect(await ticket.outcome(within: .seconds(60)) == .durable)
        }
        let text = registry.text(.prometheus)
        for line in [
            #"turngate_agent_state_transitions_total{new_state="initializing"} 1"#,
            #"turngate_agent_state_transitions_total{new_state="listening"} 2"#,
            #"turngate_agent_state_transitions_total{new_state="thinking"} 1"#,
            #"turngate_agent_state_duration_seconds_sum{state="initializing"} 2"#,
            #"turngate_agent_state_duration_seconds_sum{state="thinking"} 4"#,
            #"turngate_agent_state_duration_seconds_count{state="listening"} 1"#,
            "turngate_store_queue_depth 0",
        ] { #expect(text.contains(line + "\n"), "\(line)\n\(text)") }
    }
}
