import Domain
import TestSupport
import Testing

@testable import AgentRuntime

/// Calls that the users' own systems answer over HTTP.
struct HandlerTests {
    @Test func aCall_goesOutWithAllThatIsKnown_andItsAnswerComesBack() async throws {
        let counter = try await Counter(webhook: WebhookHandler(url: "https://shop.example/rpc"))
        counter.handlers.answer(200, #"{ "state": "shipped" }"#)
        let result = await counter.result(of: counter.call("m", by: "alice", #"{"order": 7}"#))
        #expect(result == .success(#"{"success":true,"result":{"state":"shipped"}}"#))
        let call = try #require(counter.handlers.calls.first)
        #expect(call.handler.url == "https://shop.example/rpc" && call.timeout == .seconds(8))
        #expect(call.invocation.sessionID == counter.id && call.invocation.room == "support")
        #expect(call.invocation.caller.identity == "alice" && call.invocation.caller.kind == .standard)
        #expect(call.invocation.payload == #"{"order": 7}"# && call.invocation.method == "m")
        #expect(call.invocation.receivedAt == counter.clock.now)
        #expect(call.invocation.deadline == counter.clock.now + .seconds(8))
    }

    @Test(arguments: [
        (Duration.seconds(10), Duration.milliseconds(7800)), (.seconds(1), .milliseconds(800)),
        (.milliseconds(300), .milliseconds(150)),
    ])
    func theTime_isBoundedByTheCallersOwn(patience: Duration, timeout: Duration) async throws {
        let counter = try await Counter(
            webhook: WebhookHandler(url: "https://x", timeout: .milliseconds(patience == .seconds(10) ? 7800 : 30_000)))
        let call = counter.call("m", by: "alice", patience: patience)
        #expect(await counter.result(of: call) != nil)
        #expect(counter.handlers.calls.map(\.timeout) == [timeout])
    }

    @Test(arguments: ["not json", "{", "\u{0}", String(repeating: "[", count: 15_000)])
    func aPayload_thatIsNoJSON_isAnswered_withoutAnybodyBeingAsked(payload: String) async throws {
        let counter = try await Counter(webhook: WebhookHandler(url: "https://x"))
        let result = await counter.result(of: counter.call("m", by: "alice", payload))
        #expect(try #require(try result?.get()).hasPrefix(#"{"success":false,"error":"The payload is "#))
        #expect(counter.handlers.calls.isEmpty)
        #expect(counter.journal.invocations.map(\.outcome) == [.answered])
    }

    @Test func raw_passesAnyPayloadOn_butNoneOverTheLimit() async throws {
        let counter = try await Counter(webhook: WebhookHandler(url: "https://x", envelope: .raw))
        counter.handlers.answer(200, "fine")
        #expect(await counter.result(of: counter.call("m", by: "alice", "not json")) == .success("fine"))
        let long = String(repeating: "x", count: RPCLimits.payloadBytes + 1)
        let result = await counter.result(of: counter.call("m", by: "alice", long))
        #expect(result == .failure(RPCError(.requestPayloadTooLarge)))
        #expect(counter.handlers.calls.map(\.invocation.payload) == ["not json"])
    }

    @Test(arguments: [
        (HandlerFailure.unreachable("no route"), UInt32(1500), RPCInvocationRecord.Outcome.failed),
        (.refused("private"), 1500, .failed), (.timeout, 1502, .timeout), (.tooLarge, 1504, .failed),
        (.overloaded, 1500, .failed), (.broken("cut"), 1500, .failed),
    ])
    func aSystemThatGivesNoAnswer_isAnErrorOfLiveKits(
        failure: HandlerFailure, code: UInt32, outcome: RPCInvocationRecord.Outcome
    ) async throws {
        let counter = try await Counter(webhook: WebhookHandler(url: "https://x"))
        counter.handlers.answer { _ throws(HandlerFailure) in throw failure }
        let result = await counter.result(of: counter.call("m", by: "alice"))
        #expect(result == .failure(RPCError(failure)) && result?.error?.code == code)
        #expect(counter.journal.invocations.map(\.outcome) == [outcome])
        #expect(counter.journal.invocations.first?.error?.code == code)
    }

    @Test func aSystemThatHangs_isLeftAtTheDeadline_andItsLateAnswerChangesNothing() async throws {
        let counter = try await Counter(webhook: WebhookHandler(url: "https://x", timeout: .seconds(3)))
        let gate = FakeGate()
        counter.handlers.answer { _ throws(HandlerFailure) in
            _ = await gate.wait()
            return HandlerAnswer(status: 200, body: Array("1".utf8))
        }
        let call = counter.call("m", by: "alice")
        #expect(await eventually { gate.arrivals == 1 && counter.sleepers == 1 })
        counter.clock.advance(by: .seconds(3))
        #expect(await counter.result(of: call) == .failure(RPCError(.responseTimeout)))
        #expect(await eventually { counter.handlers.cancelled == 1 && counter.sleepers == 0 })
        gate.open()
        let record = try #require(counter.journal.invocations.first)
        #expect(counter.journal.invocations.count == 1 && record.outcome == .timeout)
        #expect(record.duration == .seconds(3) && record.handlerType == "webhook" && record.direction == .in)
    }

    @Test func answerAndDeadline_atTheSameMoment_giveOneOutcome_whicheverComesFirst() async throws {
        for round in 0..<20 {
            let counter = try await Counter(webhook: WebhookHandler(url: "https://x", timeout: .seconds(3)))
            let gate = FakeGate()
            counter.handlers.answer { _ throws(HandlerFailure) in
                _ = await gate.wait()
                return HandlerAnswer(status: 204, body: [])
            }
            let call = counter.call("m", by: "alice")
            #expect(await eventually { gate.arrivals == 1 && counter.sleepers == 1 })
            if round.isMultiple(of: 2) { gate.open() }
            counter.clock.advance(by: .seconds(3))
            gate.open()
            let result = await counter.result(of: call)
            #expect([.answered, .timeout].contains(counter.journal.invocations.first?.outcome))
            #expect((result?.error == nil) == (counter.journal.invocations.first?.outcome == .answered))
            #expect(counter.journal.invocations.count == 1)
        }
    }

    @Test func aCallerWhoLeaves_isNotWaitedFor() async throws {
        let counter = try await Counter(webhook: WebhookHandler(url: "https://x"))
        let gate = FakeGate()
        counter.handlers.answer { _ throws(HandlerFailure) in
            _ = await gate.wait()
            throw .timeout
        }
        counter.call("m", by: "alice")
        let his = counter.call("m", by: "bob")
        #expect(await eventually { gate.arrivals == 2 })
        counter.room.leave("alice")
        #expect(await eventually { counter.handlers.cancelled == 1 })
        #expect(counter.journal.invocations.map(\.outcome) == [.disconnected])
        #expect(counter.journal.invocations.first?.participant == "alice")
        counter.handlers.answer(204, "")
        gate.open()
        #expect(await counter.result(of: his) == .failure(RPCError(.responseTimeout)))
    }

    @Test func aReconnect_duringACall_letsItGoOn_unlessTheCallerHasGone() async throws {
        let counter = try await Counter(webhook: WebhookHandler(url: "https://x"))
        let gate = FakeGate()
        counter.handlers.answer { _ throws(HandlerFailure) in
            _ = await gate.wait()
            return HandlerAnswer(status: 200, body: Array("1".utf8))
        }
        let hers = counter.call("m", by: "alice")
        let his = counter.call("m", by: "bob")
        #expect(await eventually { gate.arrivals == 2 })
        counter.connection.emit(.reconnecting)
        #expect(try await eventually { try await counter.bench.status(counter.id) == .reconnecting })
        counter.room.leave("bob")
        counter.connection.emit(.reconnected)
        #expect(await counter.result(of: his) == .failure(RPCError(.recipientDisconnected)))
        #expect(counter.connection.answer(to: hers) == nil)
        gate.open()
        #expect(await counter.result(of: hers) == .success(#"{"success":true,"result":1}"#))
    }

    @Test func aConnectionThatIsLost_takesItsCallsAlong() async throws {
        let counter = try await Counter(webhook: WebhookHandler(url: "https://x"))
        let gate = FakeGate()
        counter.handlers.answer { _ throws(HandlerFailure) in
            _ = await gate.wait()
            throw .timeout
        }
        counter.call("m", by: "alice")
        #expect(await eventually { gate.arrivals == 1 })
        counter.connection.emit(.disconnected(.connectionLost))
        #expect(await eventually { counter.journal.invocations.map(\.outcome) == [.disconnected] })
        #expect(await eventually { counter.handlers.cancelled == 1 })
    }

    @Test func aMethod_replacedOrRemovedDuringACall_isForTheCallsAfterIt() async throws {
        let counter = try await Counter(webhook: WebhookHandler(url: "https://x"))
        let gate = FakeGate()
        counter.handlers.answer { _ throws(HandlerFailure) in
            _ = await gate.wait()
            return HandlerAnswer(status: 200, body: Array("\"old\"".utf8))
        }
        let before = counter.call("m", by: "alice")
        #expect(await eventually { gate.arrivals == 1 })
        _ = try await counter.supervisor.replaceMethod(
            counter.id, RPCMethodSpec(name: "m", handler: .static(response: "new"), keepsPayloads: true))
        #expect(await counter.result(of: counter.call("m", by: "bob")) == .success("new"))
        try await counter.supervisor.unregisterMethod(counter.id, name: "m")
        #expect(await counter.result(of: counter.call("m", by: "bob")) == .failure(RPCError(.unsupportedMethod)))
        gate.open()
        #expect(await counter.result(of: before) == .success(#"{"success":true,"result":"old"}"#))
        #expect(counter.journal.invocations.map(\.handlerType) == ["static", nil, "webhook"])
        #expect(counter.journal.invocations.map(\.outcome) == [.answered, .refused, .answered])
        #expect(counter.journal.invocations.map(\.response) == ["new", nil, nil])
    }

    @Test func theSessionsEnd_answersThoseWhoWait_beforeTheAgentLeaves_andBeforeItIsWrittenDown() async throws {
        let counter = try await Counter(webhook: WebhookHandler(url: "https://x"))
        let gate = FakeGate()
        counter.handlers.answer { _ throws(HandlerFailure) in
            _ = await gate.wait()
            throw .timeout
        }
        let call = counter.call("m", by: "alice")
        #expect(await eventually { gate.arrivals == 1 })
        _ = try await counter.supervisor.end(counter.id, actor: nil)
        #expect(counter.connection.answer(to: call) == .failure(RPCError(.sessionOver)))
        #expect(counter.journal.invocations.map(\.outcome) == [.failed])
        guard case .session(let progress) = counter.journal.entries.last else {
            Issue.record("the end is not the last entry: \(counter.journal.entries.suffix(3))")
            return
        }
        #expect(progress.status == .ended)
    }

    @Test func tooManyCalls_atOnce_areRefused_andThoseBeforeGoOn() async throws {
        var limits = Stage.limits
        limits.invocations = 3
        let counter = try await Counter(webhook: WebhookHandler(url: "https://x"), limits: limits)
        let gate = FakeGate()
        counter.handlers.answer { _ throws(HandlerFailure) in
            _ = await gate.wait()
            return HandlerAnswer(status: 204, body: [])
        }
        let first = (0..<3).map { _ in counter.call("m", by: "alice") }
        let fourth = counter.call("m", by: "alice")
        #expect(await counter.result(of: fourth) == .failure(RPCError(.tooManyCalls)))
        gate.open()
        for call in first { #expect(await counter.result(of: call)?.error == nil) }
        #expect(await counter.result(of: counter.call("m", by: "alice"))?.error == nil)
    }

    @Test func staticAndEchoedAnswers_overTheLimit_areNone() async throws {
        let counter = try await Counter(webhook: WebhookHandler(url: "https://x"))
        _ = try await counter.supervisor.registerMethod(counter.id, RPCMethodSpec(name: "echo", handler: .echo))
        let long = String(repeating: "x", count: RPCLimits.payloadBytes + 1)
        let result = await counter.result(of: counter.call("echo", by: "alice", long))
        #expect(result == .failure(RPCError(.responsePayloadTooLarge)))
    }
}
