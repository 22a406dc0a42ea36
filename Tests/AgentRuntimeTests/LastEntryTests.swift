import Domain
import TestSupport
import Testing

@testable import AgentRuntime

/// The event stream of a session is closed behind its end: nothing comes after.
struct LastEntryTests {
    @Test(arguments: [SessionEndReason.deleted, .duplicateIdentity, .roomDeleted])
    func aSessionInTheMiddleOfEverything_endsWithItsEnd(reason: SessionEndReason) async throws {
        let stage = try await Stage()
        let gate = FakeGate()
        let connection = try stage.connection
        stage.room.join(
            "dave",
            methods: [
                "your_turn_to_speak": { _ throws(RPCError) in
                    _ = await gate.wait()
                    return "ok"
                }
            ])
        stage.bench.handlers.answer { _ throws(HandlerFailure) in
            _ = await gate.wait()
            throw .timeout
        }
        for (name, handler) in [
            ("hook", RPCHandler.webhook(WebhookHandler(url: "https://x"))), ("queue", .queue(QueueHandler())),
        ] {
            _ = try await stage.supervisor.registerMethod(stage.id, RPCMethodSpec(name: name, handler: handler))
        }
        try await stage.start("alice")
        let calls = ["hook", "queue"].map { connection.invoke($0, by: "bob", payload: "") }
        let speech = Task {
            try await stage.supervisor.speak(
                stage.id, ScriptedSource(frames: 100), interrupt: false, wait: .seconds(60), actor: nil)
        }
        let notify = Task {
            try await stage.supervisor.notify(stage.id, NotificationRequest(), wait: .seconds(60))
        }
        #expect(await eventually { gate.arrivals == 2 && stage.bench.speeches.count == 1 })
        switch reason {
        case .duplicateIdentity: connection.emit(.disconnected(.duplicateIdentity))
        case .roomDeleted: connection.emit(.disconnected(.roomDeleted))
        default: _ = try await stage.supervisor.end(stage.id, actor: nil)
        }
        #expect(await eventually { await stage.bench.end(of: stage.id)?.reason == reason })
        _ = try? await speech.value
        _ = try? await notify.value
        gate.open()
        // Whatever is still on its way has the time to come.
        for _ in 0..<20 {
            stage.clock.advance(by: .seconds(1))
            await Task.yield()
        }
        guard case .session(let last) = stage.journal.entries.last else {
            Issue.record("\(stage.journal.entries.suffix(3))")
            return
        }
        #expect(last.status.isFinal)
        #expect(stage.journal.receipts.count == 1 && stage.bench.speeches.count == 2)
        let lines = stage.journal.invocations.map { "\($0.direction) \($0.method) \($0.participant)" }
        #expect(
            Set(lines).isSuperset(of: [
                "in hook bob", "in queue bob", "out your_turn_to_speak dave", "in start_turn alice",
            ]))
        #expect(
            calls.allSatisfy { reason != .deleted || connection.answer(to: $0) == .failure(RPCError(.sessionOver)) })
        #expect(stage.journal.turns.last?.status == .ended)
    }

    @Test func aPatchOnItsWayToTheStore_comesBeforeTheEnd() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        let gate = FakeGate()
        bench.store.holdUpdates(at: gate)
        let patch = Task {
            try await bench.supervisor.update(session.id, with: SessionPatch(labels: ["a": "b"]), actor: nil)
        }
        #expect(await eventually { gate.arrivals == 1 })
        let ending = Task { try await bench.supervisor.end(session.id, actor: nil) }
        #expect(await eventually { bench.journal.progress.last?.status == .ending })
        #expect(await eventually { bench.room.current?.isOver == true })
        #expect(bench.journal.progress.last?.status == .ending)
        gate.open()
        #expect(try await patch.value.spec.labels == ["a": "b"])
        _ = try await ending.value
        #expect(bench.journal.progress.last?.status == .ended)
    }

    @Test func aCall_thatComesWhileTheAgentLeaves_isAnsweredAtOnce() async throws {
        let counter = try await Counter(webhook: WebhookHandler(url: "https://x"))
        let live = try #require(counter.supervisor.liveSession(counter.id))
        let gate = FakeGate()
        counter.bench.store.holdUpdates(at: gate)
        let patch = Task {
            try await counter.supervisor.update(counter.id, with: SessionPatch(labels: [:]), actor: nil)
        }
        #expect(await eventually { gate.arrivals == 1 })
        await live.requestEnd(SessionEnd(.deleted))
        let late = RPCInvocation(
            handle: 7, requestID: "late", method: "m", caller: "alice", payload: "", responseTimeout: .seconds(5))
        await live.answer(late)
        #expect(counter.handlers.calls.isEmpty)
        #expect(counter.journal.invocations.map(\.outcome) == [.failed])
        gate.open()
        _ = try await patch.value
        #expect(await eventually { live.finished.isOpen })
    }
}
