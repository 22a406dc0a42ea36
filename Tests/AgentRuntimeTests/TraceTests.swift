import Domain
import TestSupport
import Testing

@testable import AgentRuntime

/// What comes of a call belongs to its trace, and what outlives it does not.
struct TraceTests {
    private static let calls = (0..<6).map { _ in TraceContext.start() }

    private func within<Value: Sendable>(
        _ trace: Int, _ body: @Sendable () async throws -> Value
    ) async rethrows -> Value {
        try await TraceContext.$current.withValue(Self.calls[trace]) { try await body() }
    }

    @Test func aCallFromTheRoom_hasATraceOfItsOwn_thatItsHandlerAndItsLineShare() async throws {
        let counter = try await Counter(webhook: WebhookHandler(url: "https://x"))
        for caller in ["alice", "bob"] { _ = await counter.result(of: counter.call("m", by: caller)) }
        let lines = counter.journal.traced.filter { if case .invocation = $0.entry { true } else { false } }
        let traces = lines.compactMap(\.trace?.traceID)
        #expect(traces.count == 2 && Set(traces).count == 2)
        #expect(Set(counter.handlers.calls.compactMap(\.trace?.traceID)) == Set(traces))
    }

    @Test func aPolledCall_keepsItsTrace_whoeverAnswers() async throws {
        let counter = try await within(0) { try await Counter(queue: QueueHandler()) }
        let call = counter.call("m", by: "alice")
        #expect(await eventually { counter.sleepers == 1 })
        let id = try #require(try await counter.take().first?.invocation.id)
        try await within(1) {
            try await counter.supervisor.answerInvocation(counter.id, id, with: .result("1"))
        }
        #expect(await counter.result(of: call) != nil)
        let line = try #require(
            counter.journal.traced.first { if case .invocation = $0.entry { true } else { false } })
        #expect(line.trace != nil && !Self.calls.contains { $0.traceID == line.trace?.traceID })
    }

    @Test func aSessionsMaking_isOfTheCallThatWantedIt_itsLifeIsNot() async throws {
        let bench = Bench()
        let spec = SessionSpec(room: "r", maxDuration: .seconds(50), emptyTimeout: .seconds(500))
        let session = try await within(0) { try await bench.activeSession(spec) }
        bench.room.join("alice")
        #expect(await eventually { bench.people == ["+alice"] })
        bench.clock.advance(by: .seconds(50))
        #expect(await eventually { await bench.end(of: session.id)?.reason == .maxDuration })
        for (entry, trace) in bench.journal.traced {
            switch entry {
            case .transition: #expect(trace == Self.calls[0])
            case .session(let progress): #expect((trace == Self.calls[0]) == (progress.status == .active))
            default: #expect(trace == nil, "\(entry)")
            }
        }
    }

    @Test func aTurn_isOfWhoeverStartedAndEndedIt_itsLimitIsNobodys() async throws {
        let stage = try await Stage(lag: .milliseconds(40)) { $0.maxTurnMs = 30_000 }
        let first = try await within(1) {
            try await stage.supervisor.startTurn(stage.id, TurnRequest(participant: "alice"), actor: nil)
        }
        guard case .started(let turn) = first else {
            Issue.record("not started: \(first)")
            return
        }
        try stage.say(5)
        let ending = Task {
            try await within(2) {
                try await stage.supervisor.endTurn(stage.id, TurnReference(id: turn.id), actor: nil)
            }
        }
        // Its last words end it: they come from the audio's thread, or its timer.
        #expect(try await stage.shows { $0.turn?.status == .ending })
        try stage.say(5)
        _ = try await ending.value
        _ = try await within(3) {
            try await stage.supervisor.startTurn(stage.id, TurnRequest(participant: "bob"), actor: nil)
        }
        stage.clock.advance(by: .seconds(30))
        #expect(
            await eventually {
                stage.clock.advance(by: .milliseconds(20))
                return stage.journal.turns.count(where: { $0.status == .ended }) == 2
            })
        let turns = stage.journal.traced.compactMap { line -> (Turn, TraceContext?)? in
            if case .turn(let turn) = line.entry { (turn, line.trace) } else { nil }
        }
        #expect(turns.filter { $0.0.status == .active }.map(\.1) == [Self.calls[1], Self.calls[3]])
        #expect(turns.filter { $0.0.status == .ended }.map(\.1) == [Self.calls[2], nil])
    }

    @Test func aNotification_keepsItsTrace_whateverCompletesIt() async throws {
        let bench = Bench()
        let gate = FakeGate()
        bench.room.join(
            "alice",
            methods: [
                "your_turn_to_speak": { _ throws(RPCError) in
                    _ = await gate.wait()
                    return "ok"
                }
            ])
        let session = try await bench.activeSession()
        _ = try await within(4) {
            try await bench.supervisor.notify(session.id, NotificationRequest(), wait: .zero)
        }
        #expect(await eventually { gate.arrivals == 1 })
        // The room's own news, in the session's main task.
        bench.room.leave("alice")
        #expect(await eventually { bench.journal.receipts.count == 1 })
        for (entry, trace) in bench.journal.traced {
            switch entry {
            case .notification, .invocation: #expect(trace == Self.calls[4])
            default: #expect(trace != Self.calls[4])
            }
        }
        gate.open()
    }

    @Test func eachSpeech_isOfItsOwnCall_notOfTheFirstOne() async throws {
        let stage = try await Stage()
        let speaking = (1...2).map { number in
            Task {
                try await within(number) {
                    try await stage.supervisor.speak(
                        stage.id, ScriptedSource(frames: 10), interrupt: false, wait: .seconds(60), actor: nil)
                }
            }
        }
        #expect(
            await eventually {
                stage.clock.advance(by: .milliseconds(20))
                return stage.bench.speeches.count == 4
            })
        for task in speaking { _ = try await task.value }
        let told = stage.journal.traced.compactMap { line -> (SpeechID, TraceContext?)? in
            guard case .occurrence(let occurrence) = line.entry else { return nil }
            switch occurrence.kind {
            case .speechStarted(let speech), .speechEnded(let speech): return (speech.id, line.trace)
            default: return nil
            }
        }
        let traces = Dictionary(grouping: told, by: \.0).mapValues { Set($0.map { $0.1?.traceID }) }
        #expect(traces.count == 2 && traces.values.allSatisfy { $0.count == 1 })
        #expect(Set(traces.values.flatMap(\.self)) == Set(Self.calls[1...2].map(\.traceID)))
    }
}
