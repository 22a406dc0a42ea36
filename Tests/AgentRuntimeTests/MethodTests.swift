import AgentRuntime
import Domain
import TestSupport
import Testing

struct MethodTests {
    @Test func invocations_areAnsweredByTheirHandler_andCounted() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        _ = try await bench.supervisor.registerMethod(session.id, RPCMethodSpec(name: "echo", handler: .echo))
        _ = try await bench.supervisor.registerMethod(
            session.id, RPCMethodSpec(name: "state", handler: .static(response: "shipped")))
        let connection = try #require(bench.room.current)
        let echo = connection.invoke("echo", by: "alice", payload: "héllo")
        let state = connection.invoke("state", by: "alice", payload: "")
        let unknown = connection.invoke("nope", by: "alice", payload: "")
        #expect(await eventually { connection.answer(to: unknown) != nil })
        #expect(await eventually { connection.answer(to: echo) == .success("héllo") })
        #expect(await eventually { connection.answer(to: state) == .success("shipped") })
        #expect(connection.answer(to: unknown) == .failure(RPCError(.unsupportedMethod)))
        #expect(
            try await eventually {
                try await bench.supervisor.methods(session.id).filter { !$0.builtin }.map(\.usage.calls) == [1, 1]
            })
    }

    @Test func twoCallersRegisteringOneName_oneWins() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<20 {
                group.addTask {
                    let spec = RPCMethodSpec(name: "m", handler: .static(response: "\(index)"))
                    return (try? await bench.supervisor.registerMethod(session.id, spec)) != nil
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count(where: { $0 }) == 1)
        #expect(bench.room.current?.methods == Bench.builtins + ["m"])
    }

    @Test func aMethodThatTheRoomRefuses_isNotKept() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        bench.room.failRegisterMethod(with: .failed("core"))
        await #expect(throws: TurngateError.self) {
            _ = try await bench.supervisor.registerMethod(session.id, RPCMethodSpec(name: "m", handler: .echo))
        }
        #expect(bench.store.methodNames(session.id).isEmpty)
        #expect(try await bench.supervisor.methods(session.id).map(\.spec.name) == Bench.builtins)
    }

    @Test func replacedAndRemovedMethods_answerAccordingly() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        let first = RPCMethodSpec(name: "m", handler: .static(response: "1"))
        _ = try await bench.supervisor.registerMethod(session.id, first)
        _ = try await bench.supervisor.replaceMethod(
            session.id, RPCMethodSpec(name: "m", handler: .static(response: "2")))
        let connection = try #require(bench.room.current)
        let replaced = connection.invoke("m", by: "alice", payload: "")
        #expect(await eventually { connection.answer(to: replaced) == .success("2") })
        try await bench.supervisor.unregisterMethod(session.id, name: "m")
        #expect(connection.methods == Bench.builtins)
        await #expect(throws: TurngateError.notFound(.rpcMethod)) {
            try await bench.supervisor.unregisterMethod(session.id, name: "m")
        }
    }

    @Test func methodsOverTheBound_areAConflict() async throws {
        var limits = RuntimeLimits()
        limits.methods = 2
        let bench = Bench(limits: limits)
        let session = try await bench.activeSession()
        for name in ["a", "b"] {
            _ = try await bench.supervisor.registerMethod(session.id, RPCMethodSpec(name: name, handler: .echo))
        }
        await #expect(throws: TurngateError.conflict(.tooManyRPCMethods(limit: 2))) {
            _ = try await bench.supervisor.registerMethod(session.id, RPCMethodSpec(name: "c", handler: .echo))
        }
    }

    @Test func postgresAway_newMethodsAreRefused_oldOnesGoOnAnswering() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        _ = try await bench.supervisor.registerMethod(session.id, RPCMethodSpec(name: "echo", handler: .echo))
        bench.store.goAway(true)
        await #expect(throws: TurngateError.storeUnavailable(detail: "away")) {
            _ = try await bench.supervisor.registerMethod(session.id, RPCMethodSpec(name: "n", handler: .echo))
        }
        let connection = try #require(bench.room.current)
        let handle = connection.invoke("echo", by: "alice", payload: "still here")
        #expect(await eventually { connection.answer(to: handle) == .success("still here") })
    }
}
