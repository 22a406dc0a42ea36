import AgentRuntime
import Domain
import TestSupport
import Testing

struct LifeTests {
    @Test func aBrokenConnection_thatTheCoreRestores_isActiveAgain_withItsAttributes() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        let connection = try #require(bench.room.current)
        connection.emit(.reconnecting)
        #expect(try await eventually { try await bench.status(session.id) == .reconnecting })
        _ = try await bench.supervisor.setAgentState(session.id, to: .thinking, reason: nil, actor: nil)
        connection.emit(.reconnected)
        #expect(try await eventually { try await bench.status(session.id) == .active })
        #expect(await eventually { connection.localParticipant.attributes["lk.agent.state"] == "thinking" })
    }

    @Test func aLostConnection_isJoinedAgain_withItsMethods() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        _ = try await bench.supervisor.registerMethod(session.id, RPCMethodSpec(name: "echo", handler: .echo))
        let first = try #require(bench.room.current)
        bench.room.failJoins(with: .unreachable("restarting"))
        first.emit(.disconnected(.connectionLost))
        #expect(try await eventually { try await bench.status(session.id) == .reconnecting })
        #expect(await eventually { bench.room.joins.count == 2 })
        bench.room.failJoins(with: nil)
        #expect(
            await eventually {
                bench.clock.advance(by: .milliseconds(200))
                return bench.room.current !== first
            })
        #expect(try await eventually { try await bench.status(session.id) == .active })
        #expect(bench.room.current?.methods == (Bench.builtins + ["echo"]).sorted())
    }

    @Test func aRoomThatStaysAway_failsTheSessionAfterTheBound() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        bench.room.failJoins(with: .unreachable("gone"))
        bench.room.current?.emit(.disconnected(.connectionLost))
        #expect(try await eventually { try await bench.status(session.id) == .reconnecting })
        #expect(
            await eventually {
                bench.clock.advance(by: .seconds(5))
                return bench.journal.progress.last?.status == .failed
            })
        #expect(await bench.end(of: session.id)?.reason == .connectionLost)
    }

    @Test(arguments: [
        (RoomDisconnectReason.roomDeleted, SessionStatus.ended, SessionEndReason.roomDeleted),
        (.participantRemoved, .ended, .participantRemoved),
        (.duplicateIdentity, .failed, .duplicateIdentity),
    ])
    func aConnectionEndedOnPurpose_endsTheSession(
        reason: RoomDisconnectReason, status: SessionStatus, endReason: SessionEndReason
    ) async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        bench.room.current?.emit(.disconnected(reason))
        #expect(await eventually { bench.journal.progress.last?.status == status })
        #expect(await bench.end(of: session.id)?.reason == endReason)
        #expect(bench.room.joins.count == 1)
    }

    @Test func maxDuration_endsTheSession() async throws {
        let bench = Bench()
        let session = try await bench.activeSession(SessionSpec(room: "r", maxDuration: .seconds(30)))
        bench.clock.advance(by: .seconds(30))
        #expect(await eventually { bench.journal.progress.last?.status == .ended })
        #expect(await bench.end(of: session.id)?.reason == .maxDuration)
    }

    @Test func anEmptyRoom_endsTheSession_onlyWhenItStaysEmpty() async throws {
        let bench = Bench()
        bench.room.join("alice")
        bench.room.join("other-agent", kind: .agent)
        let session = try await bench.activeSession(
            SessionSpec(room: "r", maxDuration: nil, emptyTimeout: .seconds(60)))
        #expect(await eventually { bench.clock.sleeperCount == Bench.idleSleepers })
        bench.clock.advance(by: .seconds(600))
        bench.room.leave("alice")
        #expect(await eventually { bench.clock.sleeperCount == Bench.idleSleepers + 1 })
        bench.clock.advance(by: .seconds(59))
        #expect(try await bench.status(session.id) == .active)
        bench.room.join("alice")
        #expect(await eventually { bench.clock.sleeperCount == Bench.idleSleepers })
        bench.room.leave("alice")
        #expect(await eventually { bench.clock.sleeperCount == Bench.idleSleepers + 1 })
        bench.clock.advance(by: .seconds(60))
        #expect(await eventually { bench.journal.progress.last?.status == .ended })
        #expect(await bench.end(of: session.id)?.reason == .roomEmpty)
    }

    @Test func aParticipantLeaving_doesNotEndTheSession() async throws {
        let bench = Bench()
        bench.room.join("alice")
        bench.room.join("bob")
        let session = try await bench.activeSession()
        bench.room.leave("alice")
        #expect(try await eventually { try await bench.supervisor.session(session.id).participants.count == 1 })
        #expect(try await bench.status(session.id) == .active)
    }

    @Test func delete_ofManyCallersAtOnce_leavesOnce_andAllGetTheSameAnswer() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        let connection = try #require(bench.room.current)
        let answers = await withTaskGroup(of: SessionStatus?.self) { group in
            for _ in 0..<10 { group.addTask { try? await bench.supervisor.end(session.id, actor: "ops").status } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        // One that comes after the session is forgotten is answered by the
        // store, which this test's journal does not feed.
        #expect(answers.allSatisfy { $0 == .ended || $0 == nil })
        #expect(answers.contains(.ended))
        #expect(connection.log.count(where: { $0 == "disconnect" }) == 1)
        #expect(bench.journal.progress.count(where: \.status.isFinal) == 1)
    }

    @Test func anEndThatIsNotDurableYet_isShownAsEnding() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        bench.journal.answer(.pending)
        let ended = try await bench.supervisor.end(session.id, actor: "ops")
        #expect(ended.status == .ending)
        bench.journal.answer(.durable)
        #expect(await eventually { bench.supervisor.census.isEmpty })
    }

    @Test func aStoredSessionThatNobodyHolds_isNotSaidToBeEnded() async throws {
        let bench = Bench()
        let orphan = Session(
            id: SessionID(at: bench.clock.now), spec: SessionSpec(room: "r"), createdAt: bench.clock.now)
        bench.store.put(orphan)
        await #expect(throws: TurngateError.conflict(.sessionNotWorking(orphan.id, status: .connecting))) {
            _ = try await bench.supervisor.end(orphan.id, actor: nil)
        }
    }

    @Test func aSessionWhoseMakingMayHaveBeenWritten_isWrittenOff() async throws {
        let bench = Bench()
        bench.store.loseInserts(true)
        await #expect(throws: TurngateError.storeUnavailable(detail: "lost")) { _ = try await bench.activeSession() }
        #expect(bench.journal.progress.map(\.status) == [.failed])
        #expect(bench.journal.progress.first?.end?.reason == .internalError)
    }

    @Test func aCallerWhoGoesAway_doesNotTearTheMakingOfASession() async throws {
        let bench = Bench()
        let gate = FakeGate()
        bench.room.holdJoins(at: gate)
        let call = Task { try await bench.supervisor.create(SessionSpec(room: "r"), actor: nil, wait: .seconds(5)) }
        #expect(await eventually { gate.arrivals == 1 })
        call.cancel()
        let session = try await call.value
        gate.open()
        #expect(try await eventually { try await bench.status(session.id) == .active })
    }

    @Test func aRoomThatTakesUsAndDropsUsAgain_isNotAskedWithoutPause_andNotForEver() async throws {
        let bench = Bench()
        bench.room.join("alice")
        let session = try await bench.activeSession(SessionSpec(room: "r", maxDuration: nil, emptyTimeout: nil))
        var joins = 1
        while joins < 40, bench.journal.progress.last?.status.isFinal != true {
            bench.room.current?.emit(.disconnected(.serverShutdown))
            let before = joins
            let hasGoneOn = await eventually {
                if bench.room.joins.count > before || bench.journal.progress.last?.status.isFinal == true {
                    return true
                }
                bench.clock.advance(by: .milliseconds(100))
                return false
            }
            #expect(hasGoneOn)
            joins = bench.room.joins.count
        }
        #expect(joins < 40)
        #expect(await bench.end(of: session.id)?.reason == .connectionLost)
    }

    @Test func anEnd_waitsForAFullJournal() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        bench.journal.beFull(true)
        async let ended = bench.supervisor.end(session.id, actor: nil)
        #expect(await eventually { bench.room.current?.isOver == true })
        bench.journal.beFull(false)
        #expect(
            await eventually {
                bench.clock.advance(by: .seconds(1))
                return bench.journal.progress.last?.status == .ended
            })
        _ = try await ended
    }

    @Test func orders_toAnEndedSession_areConflictsThatSaySo() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        _ = try await bench.supervisor.end(session.id, actor: nil)
        #expect(await eventually { bench.supervisor.census.isEmpty })
        var stored = session
        stored.status = .ended
        bench.store.put(stored)
        await #expect(throws: TurngateError.conflict(.sessionNotWorking(session.id, status: .ended))) {
            _ = try await bench.supervisor.notify(session.id, NotificationRequest(), wait: .zero)
        }
        await #expect(throws: TurngateError.notFound(.session)) {
            _ = try await bench.supervisor.session(SessionID(at: bench.clock.now))
        }
    }

    @Test func aSessionThatIsOver_isShownAsItWasLeftInWriting_andALiveOneAsItStands() async throws {
        let bench = Bench()
        let session = try await bench.activeSession()
        bench.store.put(Array("{}".utf8), of: session.id)
        func shown() async throws -> String {
            let shown = try await bench.supervisor.shown(session.id)
            return String(decoding: shown.encoded { Array($0.status.rawValue.utf8) }, as: UTF8.self)
        }
        #expect(try await shown() == "active")
        _ = try await bench.supervisor.end(session.id, actor: nil)
        #expect(await eventually { bench.supervisor.census.isEmpty })
        #expect(try await shown() == "{}")
    }

    @Test func shutDown_endsAllSessions_andRefusesNewOnes() async throws {
        let bench = Bench()
        for index in 0..<5 { _ = try await bench.activeSession(SessionSpec(room: "r\(index)")) }
        #expect(await bench.supervisor.shutDown(SessionEnd(.shutdown), within: .seconds(10)) == 0)
        #expect(
            bench.journal.progress.filter(\.status.isFinal).map(\.end?.reason) == Array(repeating: .shutdown, count: 5))
        await #expect(throws: TurngateError.shuttingDown) { _ = try await bench.activeSession() }
    }
}
