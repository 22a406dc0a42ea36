import Domain
import Foundation
import Testing

/// Turngate's own methods, which every session has.
@Suite struct BuiltinMethodTests {
    private static let names = ["cancel_turn", "end_turn", "get_turn_state", "start_turn"]

    @Test func aNewSession_hasTheBuiltinMethods_besideItsOwn() async throws {
        let fixture = try await StoreFixture()
        var session = fixture.makeSession()
        session.spec.rpcMethods = [RPCMethodSpec(name: "echo", handler: .echo)]
        session = Session(id: session.id, spec: session.spec, createdAt: session.createdAt)
        let first = AgentStateMachine(sessionID: session.id, at: session.createdAt).current
        for _ in 0..<2 {
            try await fixture.sessions.insert(session, first: first, owner: fixture.runtime.id)
        }
        let methods = try await fixture.sessions.methods(session.id)
        let builtins = RPCMethodSpec.builtins.map {
            RPCMethodReport(spec: $0, builtin: true, registeredAt: session.createdAt)
        }
        let own = RPCMethodReport(spec: session.spec.rpcMethods[0], builtin: false, registeredAt: session.createdAt)
        #expect(methods == (builtins + [own]).sorted { $0.spec.name < $1.spec.name })
        let stored = try #require(try await fixture.sessions.session(session.id))
        #expect(stored == session)
        #expect(stored.spec.rpcMethods == [own.spec])
        #expect(stored.rpcMethods == (Self.names + ["echo"]).sorted())
    }

    @Test func theirCounts_areThere_afterTheSessionsEnd() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        var usage = RPCMethodUsage()
        usage.record(latency: .milliseconds(2), failed: false, at: StoreFixture.start + .seconds(1))
        usage.record(latency: .milliseconds(3), failed: true, at: StoreFixture.start + .seconds(2))
        let ticket = try fixture.journal().append([
            .methodUsage(session.id, ["start_turn": usage]), session.ended(after: .seconds(3)),
        ])
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)
        let methods = try await fixture.sessions.methods(session.id)
        #expect(methods.map(\.spec.name) == Self.names)
        #expect(methods.map(\.usage) == [RPCMethodUsage(), RPCMethodUsage(), RPCMethodUsage(), usage])
        #expect(methods.allSatisfy { $0.builtin && $0.spec.handler == .builtin })
        let listed = try await fixture.sessions.sessions(SessionQuery())
        #expect(listed.sessions.map(\.rpcMethods) == [Self.names])
    }
}
