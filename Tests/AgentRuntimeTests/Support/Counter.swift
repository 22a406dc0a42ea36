import Domain
import Synchronization
import TestSupport
import Testing

@testable import AgentRuntime

/// A session in a room with alice, bob (by telephone) and carol, whose agent has a method `m` that
/// a users' system answers.
struct Counter {
    let bench: Bench
    let id: SessionID
    let connection: FakeRoomConnection
    private let numbers = CallNumbers()

    init(
        webhook handler: WebhookHandler, limits: RuntimeLimits = Stage.limits,
        _ change: (inout RPCMethodSpec) -> Void = { _ in }
    ) async throws {
        try await self.init(.webhook(handler), limits: limits, change)
    }

    init(
        queue handler: QueueHandler, limits: RuntimeLimits = Stage.limits,
        _ change: (inout RPCMethodSpec) -> Void = { _ in }
    ) async throws {
        try await self.init(.queue(handler), limits: limits, change)
    }

    init(
        _ handler: RPCHandler, limits: RuntimeLimits = Stage.limits, _ change: (inout RPCMethodSpec) -> Void = { _ in }
    ) async throws {
        bench = Bench(limits: limits)
        bench.room.join("alice")
        bench.room.join("bob", kind: .sip)
        bench.room.join("carol")
        var method = RPCMethodSpec(name: "m", handler: handler)
        change(&method)
        let spec = SessionSpec(room: "support", rpcMethods: [method], maxDuration: nil, emptyTimeout: nil)
        id = try await bench.activeSession(spec).id
        connection = try #require(bench.room.current)
        let journal = bench.journal
        // Until the people's arrival has been told, the room is not at rest.
        #expect(await eventually { journal.occurrences.count == 3 })
        let clock = bench.clock
        #expect(await eventually { clock.sleeperCount == Bench.idleSleepers })
    }

    var room: FakeRoom { bench.room }
    var clock: ManualClock { bench.clock }
    var journal: ScriptedJournal { bench.journal }
    var handlers: ScriptedHandlers { bench.handlers }
    var supervisor: SessionSupervisor { bench.supervisor }
    /// Who sleeps besides those who always do.
    var sleepers: Int { clock.sleeperCount - Bench.idleSleepers }

    /// A participant calls; the handle is for `result`.
    @discardableResult
    func call(
        _ method: String, by caller: String, _ payload: String = "", patience: Duration = .seconds(15)
    ) -> UInt64 {
        let handle = numbers.next()
        connection.emit(
            .rpcInvoked(
                RPCInvocation(
                    handle: handle, requestID: "request-\(handle)", method: method, caller: caller, payload: payload,
                    responseTimeout: patience)))
        return handle
    }

    /// What the caller got; nil when it got nothing for too long. The call is in
    /// the journal by then: the session writes it down before it does anything else.
    func result(of call: UInt64) async -> Result<String, RPCError>? {
        _ = await eventually(within: .seconds(20)) { connection.answer(to: call) != nil }
        _ = await supervisor.liveSession(id)?.methodReports
        return connection.answer(to: call)
    }

    /// Takes what waits, at once.
    func take(_ limit: Int = 100, lease: Duration = .seconds(5)) async throws -> [LeasedInvocation] {
        try await supervisor.takeInvocations(id, InvocationPoll(limit: limit, lease: lease))
    }
}

/// Numbers, one after the other.
final class CallNumbers: Sendable {
    private let last = Mutex<UInt64>(1000)

    func next() -> UInt64 {
        last.withLock { last in
            last += 1
            return last
        }
    }
}
