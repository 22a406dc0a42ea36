import Domain
import TestSupport
import Testing

@testable import AgentRuntime

/// Calls that the users' own systems come for.
struct PolledCallTests {
    @Test func aCall_isTaken_answered_andOver() async throws {
        let counter = try await Counter(queue: QueueHandler())
        let call = counter.call("m", by: "bob", #"{"a":1}"#)
        #expect(await eventually { counter.sleepers == 1 })
        let taken = try await counter.take()
        let leased = try #require(taken.first)
        #expect(taken.count == 1 && leased.attempt == 1 && leased.invocation.method == "m")
        #expect(leased.invocation.caller.kind == .sip && leased.invocation.payload == #"{"a":1}"#)
        #expect(leased.invocation.deadline == counter.clock.now + .seconds(12))
        #expect(leased.leaseExpiresAt == counter.clock.now + .seconds(5))
        #expect(try await counter.take().isEmpty)
        try await counter.supervisor.answerInvocation(counter.id, leased.invocation.id, with: .result("[1]"))
        #expect(await counter.result(of: call) == .success(#"{"success":true,"result":[1]}"#))
        await #expect(throws: TurngateError.conflict(.invocationOver(leased.invocation.id))) {
            try await counter.supervisor.answerInvocation(counter.id, leased.invocation.id, with: .result("2"))
        }
        #expect(await eventually { counter.sleepers == 0 })
        let record = try #require(counter.journal.invocations.first)
        #expect(record.id == leased.invocation.id && record.handlerType == "queue" && record.outcome == .answered)
    }

    @Test func aPoll_waitsForTheFirstCall() async throws {
        let counter = try await Counter(queue: QueueHandler())
        async let taken = counter.supervisor.takeInvocations(counter.id, InvocationPoll(wait: .seconds(30)))
        #expect(await eventually { counter.sleepers == 1 })
        let call = counter.call("m", by: "alice")
        let id = try #require(try await taken.first?.invocation.id)
        let error = RPCError(code: 4711, message: "no such order", data: "7")
        try await counter.supervisor.answerInvocation(counter.id, id, with: .error(error))
        #expect(await counter.result(of: call) == .failure(error))
        #expect(counter.journal.invocations.map(\.error) == [error])
    }

    @Test func aPoll_endsEmpty_atTheEndOfItsWait() async throws {
        let counter = try await Counter(queue: QueueHandler())
        async let taken = counter.supervisor.takeInvocations(counter.id, InvocationPoll(wait: .seconds(30)))
        #expect(await eventually { counter.sleepers == 1 })
        counter.clock.advance(by: .seconds(30))
        #expect(try await taken.isEmpty)
    }

    @Test func aPollerWhoGoesAway_isHandedNothing() async throws {
        let counter = try await Counter(queue: QueueHandler())
        let gone = Task {
            try await counter.supervisor.takeInvocations(counter.id, InvocationPoll(wait: .seconds(30)))
        }
        #expect(await eventually { counter.sleepers == 1 })
        gone.cancel()
        #expect(try await gone.value.isEmpty)
        #expect(await eventually { counter.sleepers == 0 })
        counter.call("m", by: "alice")
        #expect(await eventually { counter.sleepers == 1 })
        #expect(try await counter.take().count == 1)
    }

    @Test func twoPollers_shareTheCalls_eachOneOnce() async throws {
        let counter = try await Counter(queue: QueueHandler())
        let calls = 60
        let taken = try await withThrowingTaskGroup(of: [InvocationID].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var mine: [InvocationID] = []
                    while true {
                        let poll = InvocationPoll(limit: 3, wait: .seconds(9), lease: .seconds(60))
                        let next = try await counter.supervisor.takeInvocations(counter.id, poll)
                        if next.isEmpty { return mine }
                        mine += next.map(\.invocation.id)
                    }
                }
            }
            for _ in 0..<calls { counter.call("m", by: "alice") }
            // All that are left wait; then their waits end.
            #expect(
                await eventually {
                    let queue = await counter.supervisor.liveSession(counter.id)?.queue
                    return queue?.pollerCount == 4 && queue?.count == calls
                })
            counter.clock.advance(by: .seconds(9))
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(taken.count == calls && Set(taken).count == calls)
    }

    @Test func aLease_thatRunsOut_wakesTheNextPoller() async throws {
        let counter = try await Counter(queue: QueueHandler())
        counter.call("m", by: "alice")
        #expect(await eventually { counter.sleepers == 1 })
        let first = try await counter.take(lease: .seconds(2))
        async let second = counter.supervisor.takeInvocations(counter.id, InvocationPoll(wait: .seconds(30)))
        #expect(await eventually { await counter.supervisor.liveSession(counter.id)?.queue.pollerCount == 1 })
        #expect(await eventually { counter.sleepers == 1 })
        counter.clock.advance(by: .seconds(2))
        let passedOn = try await second
        #expect(passedOn.map(\.invocation.id) == first.map(\.invocation.id) && passedOn.map(\.attempt) == [2])
    }

    @Test func nobodyAnswers_theCallerHasItsTimeout_andALateAnswerIsRefused() async throws {
        let counter = try await Counter(queue: QueueHandler(timeout: .seconds(30)))
        let call = counter.call("m", by: "alice", patience: .seconds(2))
        #expect(await eventually { counter.sleepers == 1 })
        let id = try #require(try await counter.take().first?.invocation.id)
        counter.clock.advance(by: .milliseconds(1800))
        // At this very moment the answer comes too late, whether or not the timer was there first.
        await #expect(throws: TurngateError.conflict(.invocationOver(id))) {
            try await counter.supervisor.answerInvocation(counter.id, id, with: .result("1"))
        }
        #expect(await counter.result(of: call) == .failure(RPCError(.responseTimeout)))
        #expect(counter.journal.invocations.map(\.outcome) == [.timeout])
        #expect(counter.journal.invocations.map(\.duration) == [.milliseconds(1800)])
    }

    @Test func anAnswer_thatIsNoneForItsEnvelope_isRefused_andTheCallWaitsOn() async throws {
        let counter = try await Counter(queue: QueueHandler(envelope: .raw))
        let call = counter.call("m", by: "alice", "no json at all")
        #expect(await eventually { counter.sleepers == 1 })
        let id = try #require(try await counter.take().first?.invocation.id)
        await #expect(throws: TurngateError.self) {
            try await counter.supervisor.answerInvocation(counter.id, id, with: .result("{}"))
        }
        #expect(counter.connection.answer(to: call) == nil)
        try await counter.supervisor.answerInvocation(counter.id, id, with: .result(#""plain""#))
        #expect(await counter.result(of: call) == .success("plain"))
    }

    @Test func anAnswer_overTheLimit_isAnErrorForTheCaller() async throws {
        let counter = try await Counter(queue: QueueHandler())
        let call = counter.call("m", by: "alice")
        #expect(await eventually { counter.sleepers == 1 })
        let id = try #require(try await counter.take().first?.invocation.id)
        let long = "\"\(String(repeating: "x", count: RPCLimits.payloadBytes))\""
        try await counter.supervisor.answerInvocation(counter.id, id, with: .result(long))
        #expect(await counter.result(of: call) == .failure(RPCError(.responsePayloadTooLarge)))
    }

    @Test func aThousandWait_oneMoreIsRefused_besidesTheBoundOfOtherCalls() async throws {
        var limits = Stage.limits
        limits.logBurst = 2000
        let counter = try await Counter(queue: QueueHandler(), limits: limits)
        let calls = (0..<1000).map { _ in counter.call("m", by: "alice") }
        #expect(await eventually { await counter.supervisor.liveSession(counter.id)?.queue.count == 1000 })
        let refused = counter.call("m", by: "alice")
        #expect(await counter.result(of: refused) == .failure(RPCError(.queueFull)))
        let other = counter.call("get_turn_state", by: "bob")
        #expect(await counter.result(of: other)?.error == nil)
        let taken = try await counter.take(1000, lease: .seconds(60))
        #expect(taken.count == 1000)
        for leased in taken {
            try await counter.supervisor.answerInvocation(counter.id, leased.invocation.id, with: .result("1"))
        }
        for call in calls { #expect(await counter.result(of: call)?.error == nil) }
        #expect(counter.journal.invocations.count == 1002)
    }

    @Test func whoLeaves_isTakenOutOfTheQueue() async throws {
        let counter = try await Counter(queue: QueueHandler())
        counter.call("m", by: "alice")
        let his = counter.call("m", by: "bob")
        #expect(await eventually { await counter.supervisor.liveSession(counter.id)?.queue.count == 2 })
        counter.room.leave("alice")
        #expect(await eventually { counter.journal.invocations.map(\.outcome) == [.disconnected] })
        let taken = try await counter.take()
        #expect(taken.map(\.invocation.caller.identity) == ["bob"])
        #expect(counter.connection.answer(to: his) == nil)
    }

    @Test func theSessionsEnd_settlesAllThatWait_callersAndPollers() async throws {
        let counter = try await Counter(queue: QueueHandler())
        let call = counter.call("m", by: "alice")
        #expect(await eventually { counter.sleepers == 1 })
        let id = try #require(try await counter.take(lease: .seconds(60)).first?.invocation.id)
        async let poll = counter.supervisor.takeInvocations(counter.id, InvocationPoll(wait: .seconds(60)))
        #expect(await eventually { await counter.supervisor.liveSession(counter.id)?.queue.pollerCount == 1 })
        _ = try await counter.supervisor.end(counter.id, actor: nil)
        #expect(try await poll.isEmpty)
        #expect(counter.connection.answer(to: call) == .failure(RPCError(.sessionOver)))
        #expect(counter.journal.invocations.map(\.outcome) == [.failed])
        counter.bench.store.put(counter.journal.invocations, of: counter.id)
        await #expect(throws: TurngateError.conflict(.invocationOver(id))) {
            try await counter.supervisor.answerInvocation(counter.id, id, with: .result("1"))
        }
        await #expect(throws: TurngateError.self) { _ = try await counter.take() }
    }

    @Test func aCallThatIsLongOver_isKnownFromTheLog_andAnUnknownOneIsNotFound() async throws {
        let counter = try await Counter(queue: QueueHandler())
        let record = RPCInvocationRecord(
            id: InvocationID(at: counter.clock.now), sessionID: counter.id, direction: .in, method: "m",
            participant: "alice", startedAt: counter.clock.now, duration: .zero, outcome: .answered)
        counter.bench.store.put([record], of: counter.id)
        await #expect(throws: TurngateError.conflict(.invocationOver(record.id))) {
            try await counter.supervisor.answerInvocation(counter.id, record.id, with: .result("1"))
        }
        await #expect(throws: TurngateError.notFound(.invocation)) {
            try await counter.supervisor.answerInvocation(
                counter.id, InvocationID(at: counter.clock.now), with: .result("1"))
        }
        await #expect(throws: TurngateError.notFound(.session)) {
            try await counter.supervisor.answerInvocation(
                SessionID(at: counter.clock.now), record.id, with: .result("1"))
        }
        #expect(try await counter.supervisor.invocation(counter.id, record.id) == record)
        #expect(
            try await counter.supervisor.invocations(counter.id, InvocationQuery()).invocations.map(\.id) == [record.id]
        )
    }
}
