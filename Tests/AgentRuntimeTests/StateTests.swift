import AgentRuntime
import Domain
import TestSupport
import Testing

struct StateTests {
    @Test func setAgentState_numbersItsRowsWithoutHoles_underConcurrentCallers() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        let states: [AgentState] = [.idle, .listening, .thinking, .speaking]
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                group.addTask {
                    _ = try? await bench.supervisor.setAgentState(
                        session.id, to: states[index % 4], reason: nil, actor: "k\(index)")
                }
            }
        }
        let rows = bench.journal.transitions
        #expect(rows.map(\.seq) == (2..<Int64(rows.count + 2)).map { $0 })
        #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.newState == $1.oldState && $0.at <= $1.at })
    }

    @Test func setAgentState_toTheSameState_changesNothing() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        let change = try await bench.supervisor.setAgentState(session.id, to: .listening, reason: nil, actor: nil)
        #expect(!change.changed && change.durable && change.transition.seq == 2)
        #expect(bench.journal.transitions.count == 1)
    }

    @Test func setAgentState_backToInitializing_isRefused() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        await #expect(throws: TurngateError.conflict(.illegalStateStep(from: .listening, to: .initializing))) {
            _ = try await bench.supervisor.setAgentState(session.id, to: .initializing, reason: nil, actor: nil)
        }
    }

    @Test func setAgentState_whilePostgresIsAway_isTakenAndSaysThatItIsNotDurable() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        bench.journal.answer(.pending)
        let change = try await bench.supervisor.setAgentState(session.id, to: .thinking, reason: "llm", actor: "web")
        #expect(change.changed && !change.durable)
        #expect(change.transition.reason == "llm" && change.transition.actor == "web")
    }

    @Test func setAgentState_withAFullJournal_changesNothing_andLeavesNoHole() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        bench.journal.beFull(true)
        await #expect(throws: TurngateError.overloaded("journal")) {
            _ = try await bench.supervisor.setAgentState(session.id, to: .thinking, reason: nil, actor: nil)
        }
        #expect(try await bench.supervisor.session(session.id).agentState == .listening)
        bench.journal.beFull(false)
        let change = try await bench.supervisor.setAgentState(session.id, to: .speaking, reason: nil, actor: nil)
        #expect(change.transition.seq == 3 && change.transition.oldState == .listening)
    }

    @Test func setAgentState_whereTheStoreRefusesTheRow_failsTheSession() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        bench.journal.answer(.refused)
        await #expect(throws: TurngateError.conflict(.sessionNotWorking(session.id, status: .ending))) {
            _ = try await bench.supervisor.setAgentState(session.id, to: .thinking, reason: nil, actor: nil)
        }
        #expect(await eventually { bench.journal.progress.last?.end?.reason == .runtimeLost })
    }

    @Test func roomAttributes_endUpAtTheLastState_alsoAfterAFailure() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        let connection = try #require(bench.room.current)
        #expect(await eventually { connection.log.last == "attributes listening" })
        bench.room.failSetAttributes(with: .timeout("server"))
        _ = try await bench.supervisor.setAgentState(session.id, to: .thinking, reason: nil, actor: nil)
        #expect(await eventually { bench.clock.sleeperCount == Bench.idleSleepers + 3 })
        bench.room.failSetAttributes(with: nil)
        bench.clock.advance(by: .seconds(1))
        #expect(await eventually { connection.localParticipant.attributes["lk.agent.state"] == "thinking" })
    }

    @Test func wallClockRunningBackwards_doesNotMakeTheHistoryDoSo() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        bench.clock.skewWallClock(by: .seconds(-3600))
        _ = try await bench.supervisor.setAgentState(session.id, to: .thinking, reason: nil, actor: nil)
        let rows = bench.journal.transitions
        #expect(rows[1].at == rows[0].at)
    }

    @Test func patch_mergesThePolicy_andAStateStandsInOneGateListOnly() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        var change = TurnPolicyPatch()
        change.preRollMs = 250
        let patched = try await bench.supervisor.update(
            session.id, with: SessionPatch(turnPolicy: change, labels: ["a": "b"]), actor: nil)
        #expect(patched.spec.turnPolicy.preRollMs == 250)
        #expect(patched.spec.turnPolicy.notifyOn == [.listening])
        #expect(patched.spec.labels == ["a": "b"])
        change = TurnPolicyPatch()
        change.closeAudioOn = [.idle]
        let closed = try await bench.supervisor.update(session.id, with: SessionPatch(turnPolicy: change), actor: nil)
        #expect(closed.spec.turnPolicy.closeAudioOn == [.idle] && closed.spec.turnPolicy.openAudioOn == [.listening])
        change = TurnPolicyPatch()
        change.openAudioOn = [.idle, .thinking]
        let open = try await bench.supervisor.update(session.id, with: SessionPatch(turnPolicy: change), actor: nil)
        #expect(open.spec.turnPolicy.openAudioOn == [.idle, .thinking] && open.spec.turnPolicy.closeAudioOn == [])
    }

    @Test func aPatch_waitsForWhatTheJournalStillHolds_withABound() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        func patch(_ value: String) async throws -> Session {
            try await bench.supervisor.update(session.id, with: SessionPatch(labels: ["a": value]), actor: nil)
        }
        bench.journal.answer(.pending)
        await #expect(throws: TurngateError.self) { try await patch("1") }
        #expect(bench.store.stored(session.id)?.spec.labels == [:])
        #expect(try await bench.supervisor.session(session.id).spec.labels == [:])
        for outcome in [JournalOutcome.durable, .refused] {
            bench.journal.answer(outcome)
            #expect(try await patch("\(outcome)").spec.labels == ["a": "\(outcome)"])
            #expect(bench.store.stored(session.id)?.spec.labels == ["a": "\(outcome)"])
        }
    }

    @Test func twoPatchesOfTheGateAtOnce_areBothTakenOn() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for state in [AgentState.thinking, .speaking] {
                group.addTask {
                    var change = TurnPolicyPatch()
                    if state == .thinking { change.notifyOn = [.idle] } else { change.openAudioOn = [.speaking] }
                    _ = try await bench.supervisor.update(
                        session.id, with: SessionPatch(turnPolicy: change), actor: nil)
                }
            }
            try await group.waitForAll()
        }
        let policy = try await bench.supervisor.session(session.id).spec.turnPolicy
        #expect(policy.notifyOn == [.idle] && policy.openAudioOn == [.speaking])
    }

    @Test func theSameStateAgain_isNotCalledDurable_whileItsRowWaits() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        bench.journal.answer(.pending)
        _ = try await bench.supervisor.setAgentState(session.id, to: .thinking, reason: nil, actor: nil)
        let again = try await bench.supervisor.setAgentState(session.id, to: .thinking, reason: nil, actor: nil)
        #expect(!again.changed && !again.durable)
    }

    @Test func aRowThatIsRefusedLater_failsTheSession() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        bench.supervisor.refused(bench.journal.entries)
        #expect(await eventually { bench.journal.progress.last?.end?.reason == .runtimeLost })
        #expect(bench.journal.progress.last?.id == session.id)
    }
}
