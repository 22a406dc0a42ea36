import Domain
import TestSupport
import Testing

@testable import AgentRuntime

struct AllowedCallerTests {
    private static let refusal = RPCError(
        code: 1500, message: "Caller not allowed", data: #"{"reason":"caller_not_allowed"}"#)

    @Test(arguments: [
        (AllowedCallers(identities: ["alice"]), ["alice"]), (AllowedCallers(kinds: [.sip]), ["bob"]),
        (AllowedCallers(identities: ["carol"], kinds: [.sip]), ["bob", "carol"]), (AllowedCallers(), []),
        (AllowedCallers(kinds: [.standard]), ["alice", "carol"]), (AllowedCallers(floorHolder: true), []),
        (AllowedCallers(kinds: [.unknown]), ["ghost"]),
    ])
    func whoeverIsNamed_mayCall_othersAreRefused(allowed: AllowedCallers, callers: [String]) async throws {
        let counter = try await Counter(.static(response: "yes")) { $0.allowedCallers = allowed }
        for caller in ["alice", "bob", "carol", "ghost"] {
            let result = await counter.result(of: counter.call("m", by: caller))
            #expect(result == (callers.contains(caller) ? .success("yes") : .failure(Self.refusal)), "\(caller)")
        }
        let refused = counter.journal.invocations.filter { $0.outcome == .refused }.map(\.participant)
        #expect(refused == ["alice", "bob", "carol", "ghost"].filter { !callers.contains($0) })
        #expect(counter.journal.invocations.allSatisfy { $0.handlerType == "static" })
    }

    @Test func aRefusedCaller_reachesNoBackend() async throws {
        let counter = try await Counter(webhook: WebhookHandler(url: "https://x")) {
            $0.allowedCallers = AllowedCallers(identities: ["alice"])
        }
        #expect(await counter.result(of: counter.call("m", by: "bob")) == .failure(Self.refusal))
        #expect(counter.handlers.calls.isEmpty)
        #expect(await counter.result(of: counter.call("m", by: "alice"))?.error == nil)
    }

    @Test func theFloorHolder_mayCall_asLongAsItIs() async throws {
        let stage = try await Stage()
        _ = try await stage.supervisor.registerMethod(
            stage.id,
            RPCMethodSpec(
                name: "m", handler: .static(response: "yes"), allowedCallers: AllowedCallers(floorHolder: true)))
        let connection = try stage.connection
        func mayCall(_ name: String) async -> Bool {
            let handle = connection.invoke("m", by: name, payload: "")
            #expect(await eventually { connection.answer(to: handle) != nil })
            return connection.answer(to: handle) == .success("yes")
        }
        #expect(await !mayCall("alice"))
        let turn = try await stage.start("alice")
        #expect(await mayCall("alice"))
        #expect(await !mayCall("bob"))
        _ = try await stage.supervisor.endTurn(stage.id, TurnReference(id: turn.id), actor: nil)
        #expect(await !mayCall("alice"))
    }
}
