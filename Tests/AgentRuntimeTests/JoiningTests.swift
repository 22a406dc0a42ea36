import AgentRuntime
import Domain
import TestSupport
import Testing

struct JoiningTests {
    @Test func create_connectsThenRegistersThenStarts() async throws {
        let bench = Bench()
        var spec = SessionSpec(room: "support")
        spec.agent.name = "Ava"
        spec.agent.attributes = ["tier": "gold"]
        spec.rpcMethods = [
            RPCMethodSpec(name: "get_order_state", handler: .static(response: "{}")),
            RPCMethodSpec(name: "echo", handler: .echo),
        ]
        let session = try await bench.activeSession(spec)
        #expect(session.status == .active)
        #expect(session.agentState == .listening)
        #expect(session.rpcMethods == (Bench.builtins + ["echo", "get_order_state"]).sorted())
        #expect(session.roomSid == "RM_support")
        #expect(session.agentSid == "PA_agent1")
        let attributes = [
            "tier": "gold", "lk.agent.state": "initializing", "lk.agent.name": "Ava", "lk.agent_name": "Ava",
            "turngate.gate": "[]",
        ]
        #expect(bench.room.joins.map(\.attributes) == [attributes])
        let connection = try #require(bench.room.current)
        #expect(await eventually { connection.log.contains("attributes listening") })
        let registered = session.rpcMethods.map { "register \($0)" }
        #expect(connection.log == registered + ["attributes listening"])
        #expect(bench.journal.transitions.map(\.seq) == [2])
        #expect(bench.journal.transitions.map(\.cause) == [.policy])
    }

    @Test func create_withoutWaiting_isConnecting_andBecomesActive() async throws {
        let bench = Bench()
        let gate = FakeGate()
        bench.room.holdJoins(at: gate)
        let session = try await bench.supervisor.create(SessionSpec(room: "support"), actor: nil, wait: .zero)
        #expect(session.status == .connecting)
        #expect(session.agentState == .initializing)
        gate.open()
        #expect(try await eventually { try await bench.status(session.id) == .active })
    }

    @Test(arguments: [
        (RoomError.unreachable("nobody there"), SessionEndReason.roomUnreachable),
        (RoomError.tokenRefused("bad signature"), .roomTokenRefused),
    ])
    func create_whereTheAgentCannotJoin_throwsAndKeepsTheFailedSession(
        error: RoomError, reason: SessionEndReason
    ) async throws {
        let bench = Bench()
        bench.room.failJoins(with: error)
        var id: SessionID?
        do {
            _ = try await bench.activeSession()
        } catch let TurngateError.roomUnreachable(session, detail) {
            #expect(detail == "nobody there" && reason == .roomUnreachable)
            id = session
        } catch let TurngateError.roomTokenRefused(session, detail) {
            #expect(detail == "bad signature" && reason == .roomTokenRefused)
            id = session
        }
        let end = await bench.end(of: try #require(id))
        #expect(end?.reason == reason)
        #expect(bench.journal.progress.last?.status == .failed)
    }

    @Test func create_ofAnIdentityThatLivesInThatRoom_isAConflictThatNamesIt() async throws {
        let bench = Bench()
        let first = try await bench.activeSession()
        await #expect(throws: TurngateError.conflict(.identityTaken(room: "support", identity: "agent", by: first.id)))
        {
            _ = try await bench.activeSession()
        }
        #expect(bench.room.joins.count == 1)
    }

    @Test func create_overTheBound_isRefused_alsoWhenManyComeAtOnce() async throws {
        var limits = RuntimeLimits()
        limits.sessions = 3
        let bench = Bench(limits: limits)
        let made = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<10 {
                group.addTask { (try? await bench.activeSession(SessionSpec(room: "room-\(index)"))) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(made == 3)
    }

    @Test func delete_whileConnecting_endsTheJoin() async throws {
        let bench = Bench()
        bench.room.holdJoins(at: FakeGate())
        let session = try await bench.supervisor.create(SessionSpec(room: "support"), actor: nil, wait: .zero)
        let ended = try await bench.supervisor.end(session.id, actor: "ops")
        #expect(ended.status == .ended)
        #expect(ended.end?.reason == .deleted)
        #expect(ended.endedAt != nil)
        #expect(bench.room.current == nil)
    }

    @Test func registerFailure_atTheJoin_failsTheSession() async throws {
        let bench = Bench()
        bench.room.failRegisterMethod(with: .failed("core"))
        var spec = SessionSpec(room: "support")
        spec.rpcMethods = [RPCMethodSpec(name: "echo", handler: .echo)]
        await #expect(throws: TurngateError.roomFailed("core")) { _ = try await bench.activeSession(spec) }
        #expect(bench.journal.progress.last?.end?.reason == .internalError)
        #expect(await eventually { bench.room.current?.isOver == true })
    }
}
