import Domain
import TestSupport
import Testing

@testable import AgentRuntime

/// The agent's attributes in the room: as many requests as an eye needs.
struct AttributeTests {
    private let bench = Bench(attributePace: .milliseconds(100))

    /// A session that the room shows listening, and its pace is over.
    private func listening(_ change: (inout SessionSpec) -> Void = { _ in }) async throws -> (
        id: SessionID, connection: FakeRoomConnection
    ) {
        var spec = SessionSpec(room: "support", maxDuration: nil, emptyTimeout: nil)
        change(&spec)
        let session = try await bench.activeSession(spec)
        let connection = try #require(bench.room.current)
        #expect(await eventually { states(connection) == ["listening"] })
        bench.clock.advance(by: .milliseconds(100))
        return (session.id, connection)
    }

    /// The states that the room was told, in order.
    private func states(_ connection: FakeRoomConnection) -> [String] {
        connection.log.filter { $0.hasPrefix("attributes ") }.map { String($0.dropFirst(11)) }
    }

    private func set(_ states: AgentState..., of id: SessionID) async throws {
        for state in states {
            _ = try await bench.supervisor.setAgentState(id, to: state, reason: nil, actor: nil)
        }
    }

    private func sleepers(_ count: Int) async -> Bool {
        await eventually { bench.clock.sleeperCount == Bench.idleSleepers + count }
    }

    @Test func aHundredChanges_areTwoRequests_theFirstAndTheLast() async throws {
        let (id, connection) = try await listening()
        try await set(.thinking, of: id)
        #expect(await eventually { states(connection) == ["listening", "thinking"] })
        for _ in 0..<50 { try await set(.speaking, .idle, of: id) }
        #expect(await sleepers(1))
        bench.clock.advance(by: .milliseconds(99))
        #expect(states(connection) == ["listening", "thinking"])
        bench.clock.advance(by: .milliseconds(1))
        #expect(await eventually { states(connection) == ["listening", "thinking", "idle"] })
        #expect(await sleepers(0))
    }

    @Test func aRoomThatTakesItsTime_isAskedOneAtATime() async throws {
        let (id, connection) = try await listening()
        let gate = FakeGate()
        bench.room.holdSetAttributes(at: gate)
        try await set(.thinking, of: id)
        #expect(await eventually { gate.arrivals == 1 })
        bench.clock.advance(by: .seconds(3))
        try await set(.speaking, .idle, of: id)
        #expect(await sleepers(0))
        #expect(gate.arrivals == 1)
        bench.room.holdSetAttributes(at: nil)
        gate.open()
        #expect(await eventually { states(connection) == ["listening", "thinking", "idle"] })
    }

    @Test func whoIsToldThatItIsItsTurn_seesTheStateWithoutAPause() async throws {
        bench.room.join("alice", methods: ["your_turn_to_speak": { _ throws(RPCError) in "ok" }])
        let (id, connection) = try await listening { $0.turnPolicy.notifyOn = [.idle] }
        try await set(.thinking, of: id)
        #expect(await eventually { states(connection) == ["listening", "thinking"] })
        // The clock stands still.
        try await set(.speaking, .idle, of: id)
        #expect(await eventually { states(connection).last == "idle" })
    }

    @Test func aCallThatChangesTheState_isNotAnsweredLongBeforeTheAttributes() async throws {
        bench.room.join("alice")
        bench.room.setAudio(of: "alice", to: AudioPublication(trackSid: "TR_alice", name: "mic", muted: false))
        let (id, connection) = try await listening()
        try await set(.thinking, .speaking, of: id)
        let call = connection.invoke("start_turn", by: "alice", payload: "")
        #expect(await eventually { connection.answer(to: call) != nil })
        #expect(await eventually { connection.localParticipant.attributes["lk.agent.state"] == "listening" })
        #expect(states(connection).last == "listening")
    }

    @Test func aFailure_isMended_alsoWhereTheStateChangedMeanwhile() async throws {
        let (id, connection) = try await listening()
        bench.room.failSetAttributes(with: .timeout("server"))
        try await set(.thinking, of: id)
        #expect(await sleepers(1))
        try await set(.speaking, of: id)
        bench.clock.advance(by: .milliseconds(999))
        bench.room.failSetAttributes(with: nil)
        #expect(states(connection) == ["listening"])
        bench.clock.advance(by: .milliseconds(1))
        #expect(await eventually { states(connection) == ["listening", "speaking"] })
    }

    @Test func aFailureThatGoesOn_isNotTriedForEver_andTheNextChangeIs() async throws {
        let (id, connection) = try await listening()
        bench.room.failSetAttributes(with: .timeout("server"))
        try await set(.thinking, of: id)
        for _ in 1..<AttributeTelling.attempts {
            #expect(await sleepers(1))
            bench.clock.advance(by: .seconds(1))
        }
        #expect(await sleepers(0))
        bench.room.failSetAttributes(with: nil)
        bench.clock.advance(by: .seconds(60))
        #expect(states(connection) == ["listening"])
        try await set(.idle, of: id)
        #expect(await eventually { states(connection) == ["listening", "idle"] })
    }

    @Test func aConnectionThatIsBack_isToldAnew_alsoWithinThePace() async throws {
        let (id, connection) = try await listening()
        try await set(.thinking, of: id)
        #expect(await eventually { states(connection).last == "thinking" })
        connection.emit(.reconnecting)
        connection.emit(.reconnected)
        #expect(await eventually { states(connection) == ["listening", "thinking", "thinking"] })
        #expect(try await bench.status(id) == .active)
    }

    @Test func aRoomJoinedAgain_doesNotWaitForWhatWasOnItsWayInTheOldOne() async throws {
        let (id, first) = try await listening()
        let gate = FakeGate()
        bench.room.holdSetAttributes(at: gate)
        try await set(.thinking, of: id)
        #expect(await eventually { gate.arrivals == 1 })
        bench.room.holdSetAttributes(at: nil)
        first.emit(.disconnected(.connectionLost))
        #expect(await eventually { bench.room.joins.count == 2 })
        let second = try #require(bench.room.current)
        #expect(await eventually { states(second) == ["thinking"] })
        // Its failure is none of the new room's.
        gate.open()
        try await set(.idle, of: id)
        #expect(await sleepers(1))
        bench.clock.advance(by: .milliseconds(100))
        #expect(await eventually { states(second) == ["thinking", "idle"] })
        #expect(states(first) == ["listening"])
    }

    @Test func anEnd_doesNotWaitForThePace() async throws {
        let (id, _) = try await listening()
        try await set(.thinking, .speaking, of: id)
        #expect(try await bench.supervisor.end(id, actor: nil).status == .ended)
        #expect(await eventually { bench.clock.sleeperCount == 0 })
    }
}
