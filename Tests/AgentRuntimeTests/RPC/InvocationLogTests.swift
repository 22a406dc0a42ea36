import Domain
import Metrics
import TestSupport
import Testing

@testable import AgentRuntime

struct InvocationLogTests {
    @Test func payloadsAreKept_onlyWhereTheMethodSaysSo() async throws {
        let counter = try await Counter(.echo) { $0.keepsPayloads = true }
        _ = try await counter.supervisor.registerMethod(counter.id, RPCMethodSpec(name: "private", handler: .echo))
        _ = await counter.result(of: counter.call("m", by: "alice", "shown"))
        _ = await counter.result(of: counter.call("private", by: "alice", "secret"))
        let lines = counter.journal.invocations
        #expect(lines.map(\.payload) == ["shown", nil] && lines.map(\.response) == ["shown", nil])
        #expect(lines.map(\.method) == ["m", "private"] && lines.allSatisfy { $0.sessionID == counter.id })
        #expect(lines.map(\.startedAt) == [counter.clock.now, counter.clock.now])
    }

    @Test func everyRecipient_ofACallOut_hasItsLine() async throws {
        let bench = Bench()
        bench.room.join("alice", methods: ["tell": { _ throws(RPCError) in "ok" }])
        bench.room.join("bob")
        bench.room.join("carol", methods: ["tell": { _ throws(RPCError) in throw RPCError(.responseTimeout) }])
        let session = try await bench.activeSession()
        let receipts = try await bench.supervisor.call(
            session.id,
            RPCCallRequest(
                method: "tell", payload: "secret", destinations: .identities(["alice", "bob", "carol", "dave"]),
                responseTimeout: .seconds(5)))
        #expect(receipts.count == 4)
        let lines = bench.journal.invocations
        let outcomes = Dictionary(uniqueKeysWithValues: lines.map { ($0.participant, $0.outcome) })
        #expect(outcomes == ["alice": .answered, "bob": .refused, "carol": .timeout, "dave": .disconnected])
        #expect(lines.allSatisfy { $0.direction == .out && $0.method == "tell" && $0.handlerType == nil })
        #expect(lines.allSatisfy { $0.payload == nil && $0.response == nil })
        #expect(Set(lines.map(\.id)).count == 4)
    }

    @Test func aNotification_hasALinePerRecipient_beforeItsReceipt() async throws {
        let bench = Bench()
        bench.room.join("alice", methods: ["your_turn_to_speak": { _ throws(RPCError) in "ok" }])
        bench.room.join("bob")
        let session = try await bench.activeSession()
        _ = try await bench.supervisor.notify(session.id, NotificationRequest(), wait: .seconds(5))
        let kinds = bench.journal.entries.compactMap { entry in
            switch entry {
            case .invocation(let record): record.participant
            case .notification: "receipt"
            default: nil
            }
        }
        #expect(kinds.count == 3 && kinds.last == "receipt" && Set(kinds.dropLast()) == ["alice", "bob"])
    }

    @Test func aFullJournal_doesNotBreakTheCall_andIsCounted() async throws {
        let counter = try await Counter(.static(response: "yes"))
        counter.journal.beFull(true)
        #expect(await counter.result(of: counter.call("m", by: "alice")) == .success("yes"))
        counter.journal.beFull(false)
        #expect(await counter.result(of: counter.call("m", by: "bob")) == .success("yes"))
        #expect(counter.journal.invocations.map(\.participant) == ["bob"])
        let text = counter.bench.metrics.text(.prometheus)
        #expect(text.contains("turngate_journal_lost_entries_total 1"))
    }

    @Test func callsWithoutPause_areAllAnswered_andLoggedUpToABound() async throws {
        var limits = Stage.limits
        limits.logBurst = 5
        limits.logLinesPerSecond = 2
        let counter = try await Counter(.echo, limits: limits)
        for _ in 0..<20 {
            #expect(await counter.result(of: counter.call("nowhere", by: "alice"))?.error != nil)
        }
        #expect(counter.journal.invocations.count == 5)
        counter.clock.advance(by: .seconds(1))
        for _ in 0..<4 { #expect(await counter.result(of: counter.call("m", by: "alice", "x")) == .success("x")) }
        #expect(counter.journal.invocations.count == 7)
        let text = counter.bench.metrics.text(.prometheus)
        #expect(text.contains("turngate_rpc_unlogged_invocations_total 17"))
    }

    @Test func theMetrics_tellOutcomesApart_withFewLabels() async throws {
        let counter = try await Counter(webhook: WebhookHandler(url: "https://x")) {
            $0.allowedCallers = AllowedCallers(identities: ["alice", "carol"])
        }
        counter.handlers.answer { _ throws(HandlerFailure) in throw .timeout }
        for caller in ["alice", "bob", "carol"] { _ = await counter.result(of: counter.call("m", by: caller)) }
        counter.handlers.answer(500, #"{"error":{"code":4711,"message":"no"}}"#)
        _ = await counter.result(of: counter.call("m", by: "alice"))
        let lines = counter.bench.metrics.text(.prometheus).split(separator: "\n").filter {
            $0.hasPrefix("turngate_rpc_invocations_total{direction=\"in\"")
        }
        #expect(
            Set(lines.map(String.init)) == [
                #"turngate_rpc_invocations_total{direction="in",outcome="timeout"} 2"#,
                #"turngate_rpc_invocations_total{direction="in",outcome="refused"} 1"#,
                #"turngate_rpc_invocations_total{direction="in",outcome="failed"} 1"#,
            ])
    }

    @Test func theCountsOfAMethod_haveEveryCall() async throws {
        let counter = try await Counter(webhook: WebhookHandler(url: "https://x"))
        counter.handlers.answer(500, "")
        _ = await counter.result(of: counter.call("m", by: "alice"))
        counter.handlers.answer(200, "1")
        _ = await counter.result(of: counter.call("m", by: "alice"))
        let usage = try #require(
            try await counter.supervisor.methods(counter.id).first { $0.spec.name == "m" }?.usage)
        #expect(usage.calls == 2 && usage.errors == 1)
    }
}
