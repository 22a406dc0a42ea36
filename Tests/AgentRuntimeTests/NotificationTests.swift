import AgentRuntime
import Domain
import TestSupport
import Testing

struct NotificationTests {
    private static let turn = "your_turn_to_speak"

    @Test func listeningAfterThinking_tellsThePeople_andLeavesAgentsOut() async throws {
        let bench = Bench()
        bench.room.join("alice", methods: [Self.turn: { _ throws(RPCError) in "ok" }])
        bench.room.join("bob")
        bench.room.join("recorder", kind: .egress)
        bench.room.join("other-agent", kind: .agent)
        bench.room.join("early", state: .joined)
        let session = try await bench.activeSession()
        _ = try await bench.supervisor.setAgentState(session.id, to: .thinking, reason: nil, actor: nil)
        #expect(bench.journal.receipts.isEmpty)
        _ = try await bench.supervisor.setAgentState(session.id, to: .listening, reason: nil, actor: nil)
        #expect(await eventually { bench.journal.receipts.count == 1 })
        let receipt = bench.journal.receipts[0]
        #expect(receipt.trigger == .policy && receipt.agentStateSeq == 4 && receipt.completedAt != nil)
        #expect(receipt.recipients.map(\.identity) == ["alice", "bob"])
        #expect(receipt.recipients.map(\.outcome) == [.acknowledged, .unsupported])
        #expect(receipt.recipients[0].response == "ok")
        #expect(receipt.recipients[1].error?.code == 1400)
    }

    @Test func whoNeverAnswers_isTimedOutAtTheDeadline_andALateAnswerChangesNothing() async throws {
        let bench = Bench()
        let gate = FakeGate()
        bench.room.join(
            "carol",
            methods: [
                Self.turn: { _ throws(RPCError) in
                    _ = await gate.wait(); return "late"
                }
            ])
        let session = try await bench.activeSession()
        // The timer of the session's longest duration sleeps already.
        #expect(await eventually { bench.clock.sleeperCount == Bench.idleSleepers + 1 })
        let request = NotificationRequest(responseTimeout: .seconds(5))
        async let notified = bench.supervisor.notify(session.id, request, wait: .seconds(6))
        #expect(await eventually { bench.clock.sleeperCount == Bench.idleSleepers + 3 && gate.arrivals == 1 })
        bench.clock.advance(by: .seconds(5))
        let receipt = try await notified
        #expect(receipt.recipients.map(\.outcome) == [.timeout])
        #expect(receipt.recipients[0].error?.code == 1502)
        #expect(receipt.recipients[0].latency == .seconds(5))
        gate.open()
        await Task.yield()
        #expect(bench.journal.receipts.map(\.recipients) == [receipt.recipients])
    }

    @Test func whoLeavesMeanwhile_isDisconnected_andOthersAreNotHeldUp() async throws {
        let bench = Bench()
        let gate = FakeGate()
        bench.room.join("alice", methods: [Self.turn: { _ throws(RPCError) in "ok" }])
        bench.room.join(
            "dave",
            methods: [
                Self.turn: { _ throws(RPCError) in
                    _ = await gate.wait(); return "x"
                }
            ])
        let session = try await bench.activeSession()
        async let notified = bench.supervisor.notify(session.id, NotificationRequest(), wait: .seconds(6))
        #expect(await eventually { gate.arrivals == 1 })
        bench.room.leave("dave")
        let receipt = try await notified
        #expect(receipt.recipients.map(\.outcome) == [.acknowledged, .disconnected])
        #expect(receipt.recipients[1].error?.code == 1503)
    }

    @Test func namedRecipients_absentOnesAreAnsweredAtOnce_doublesGetOneLine() async throws {
        let bench = Bench()
        bench.room.join("alice", methods: [Self.turn: { _ throws(RPCError) in "ok" }])
        let session = try await bench.activeSession()
        let request = NotificationRequest(destinations: .identities(["ghost", "alice", "alice"]))
        let receipt = try await bench.supervisor.notify(session.id, request, wait: .seconds(6))
        #expect(receipt.recipients.map(\.identity) == ["ghost", "alice"])
        #expect(receipt.recipients.map(\.outcome) == [.absent, .acknowledged])
        #expect(receipt.recipients[0].error?.code == 1401)
    }

    @Test func notify_withoutWaiting_answersPending_andTheReceiptIsKeptAtHand() async throws {
        let bench = Bench()
        let gate = FakeGate()
        bench.room.join(
            "alice",
            methods: [
                Self.turn: { _ throws(RPCError) in
                    _ = await gate.wait(); return "ok"
                }
            ])
        let session = try await bench.activeSession()
        let receipt = try await bench.supervisor.notify(session.id, NotificationRequest(), wait: .zero)
        #expect(receipt.recipients.map(\.outcome) == [.pending] && receipt.completedAt == nil)
        let listed = try await bench.supervisor.notifications(session.id, NotificationQuery())
        #expect(listed.receipts.map(\.id) == [receipt.id])
        bench.journal.answer(.pending)
        gate.open()
        #expect(
            try await eventually {
                try await bench.supervisor.notification(session.id, receipt.id).completedAt != nil
            })
    }

    @Test func anErrorOfTheClientsMethod_isKeptWithCodeMessageAndData() async throws {
        let bench = Bench()
        let refusal = RPCError(code: 4711, message: "not now", data: "{}")
        bench.room.join("alice", methods: [Self.turn: { _ throws(RPCError) in throw refusal }])
        let session = try await bench.activeSession()
        let receipt = try await bench.supervisor.notify(session.id, NotificationRequest(), wait: .seconds(6))
        #expect(receipt.recipients.map(\.outcome) == [.failed])
        #expect(receipt.recipients[0].error == refusal)
    }

    @Test func theAgentLeaving_settlesEveryPendingRecipient() async throws {
        let bench = Bench()
        let gate = FakeGate()
        bench.room.join(
            "alice",
            methods: [
                Self.turn: { _ throws(RPCError) in
                    _ = await gate.wait(); return "ok"
                }
            ])
        let session = try await bench.activeSession()
        async let notified = bench.supervisor.notify(session.id, NotificationRequest(), wait: .seconds(60))
        #expect(await eventually { gate.arrivals == 1 })
        _ = try await bench.supervisor.end(session.id, actor: nil)
        #expect(try await notified.recipients.map(\.outcome) == [.failed])
        #expect(bench.journal.receipts.count == 1)
    }

    @Test func whileTheRoomIsAway_callersAreToldSo_andThePolicysNotificationIsMadeGood() async throws {
        let bench = Bench()
        bench.room.join("alice", methods: [Self.turn: { _ throws(RPCError) in "ok" }])
        let session = try await bench.activeSession()
        _ = try await bench.supervisor.setAgentState(session.id, to: .thinking, reason: nil, actor: nil)
        bench.room.current?.emit(.reconnecting)
        #expect(try await eventually { try await bench.status(session.id) == .reconnecting })
        await #expect(throws: TurngateError.conflict(.sessionNotWorking(session.id, status: .reconnecting))) {
            _ = try await bench.supervisor.notify(session.id, NotificationRequest(), wait: .zero)
        }
        _ = try await bench.supervisor.setAgentState(session.id, to: .listening, reason: nil, actor: nil)
        #expect(bench.journal.receipts.isEmpty)
        bench.room.current?.emit(.reconnected)
        #expect(await eventually { bench.journal.receipts.count == 1 })
        #expect(bench.journal.receipts[0].recipients.map(\.outcome) == [.acknowledged])
    }

    @Test func whatIsOwed_isNotSaid_whenItIsNoLongerTrue() async throws {
        let bench = Bench()
        bench.room.join("alice", methods: [Self.turn: { _ throws(RPCError) in "ok" }])
        let session = try await bench.activeSession()
        bench.room.current?.emit(.reconnecting)
        #expect(try await eventually { try await bench.status(session.id) == .reconnecting })
        for state in [AgentState.thinking, .listening, .thinking] {
            _ = try await bench.supervisor.setAgentState(session.id, to: state, reason: nil, actor: nil)
        }
        bench.room.current?.emit(.reconnected)
        #expect(try await eventually { try await bench.status(session.id) == .active })
        #expect(bench.journal.receipts.isEmpty)
    }

    @Test func callsAtOnce_areBounded() async throws {
        var limits = RuntimeLimits()
        limits.fanOuts = 2
        let bench = Bench(limits: limits)
        bench.room.join(
            "alice",
            methods: [
                Self.turn: { _ throws(RPCError) in
                    _ = await FakeGate().wait(); return "ok"
                }
            ])
        let session = try await bench.activeSession()
        for _ in 0..<2 { _ = try await bench.supervisor.notify(session.id, NotificationRequest(), wait: .zero) }
        await #expect(throws: TurngateError.self) {
            _ = try await bench.supervisor.notify(session.id, NotificationRequest(), wait: .zero)
        }
    }
}
