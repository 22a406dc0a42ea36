import Domain
import Foundation
import Testing

@Suite struct SessionStoreTests {
    @Test func insertedSession_comesBackAsItWas() async throws {
        let fixture = try await StoreFixture()
        var session = fixture.makeSession(room: "räum \"1\"", labels: ["tenant": "acme", "ü": "'"])
        session.spec.agent = AgentProfile(identity: "agent", name: "Ava", metadata: "{x", attributes: ["tier": "gold"])
        session.spec.metadata = #"{"z":1.50,"a":[1e400,"\u0000"],"a":2}"#
        session.spec.turnPolicy.preRollMs = 250
        session.spec.turnPolicy.closedGate = .pause
        session.spec.maxDuration = nil
        session.spec.emptyTimeout = .milliseconds(1500)
        session.spec.rpcMethods = [
            RPCMethodSpec(name: "zeta", description: "last", handler: .static(response: "line\n\"q\"")),
            RPCMethodSpec(name: "alpha", handler: .echo),
        ]
        session.rpcMethods = ["alpha", "cancel_turn", "end_turn", "get_turn_state", "start_turn", "zeta"]
        let machine = AgentStateMachine(sessionID: session.id, at: session.createdAt)
        try await fixture.sessions.insert(session, first: machine.current, owner: fixture.runtime.id)
        #expect(try await fixture.sessions.session(session.id) == session)
        #expect(try await fixture.sessions.session(SessionID(uuid: UUID())) == nil)
    }

    @Test func insert_withATakenIdentity_saysBy_whom_andWritesNothing() async throws {
        let fixture = try await StoreFixture()
        let (holder, _) = try await fixture.insertSession()
        let second = fixture.makeSession()
        let first = AgentStateMachine(sessionID: second.id, at: second.createdAt).current
        await #expect(throws: TurngateError.conflict(.identityTaken(room: "room", identity: "agent", by: holder.id))) {
            try await fixture.sessions.insert(second, first: first, owner: fixture.runtime.id)
        }
        #expect(try await fixture.sessions.session(second.id) == nil)
        #expect(try await fixture.number("SELECT count(*) FROM agent_state_transitions") == 1)
    }

    @Test func insert_twice_isAsInsertOnce() async throws {
        let fixture = try await StoreFixture()
        let (session, machine) = try await fixture.insertSession()
        try await fixture.sessions.insert(session, first: machine.current, owner: fixture.runtime.id)
        #expect(try await fixture.number("SELECT count(*) FROM agent_state_transitions") == 1)
    }

    @Test func insert_ofManyForOneIdentity_letsExactlyOneIn() async throws {
        let fixture = try await StoreFixture()
        let taken = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<20 {
                let session = fixture.makeSession(after: .milliseconds(index))
                let first = AgentStateMachine(sessionID: session.id, at: session.createdAt).current
                group.addTask { await isTaken(session, first, fixture) }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(taken == 19)
        #expect(try await fixture.number("SELECT count(*) FROM sessions") == 1)
    }

    private func isTaken(_ session: Session, _ first: AgentStateTransition, _ fixture: StoreFixture) async -> Bool {
        do throws(TurngateError) {
            try await fixture.sessions.insert(session, first: first, owner: fixture.runtime.id)
        } catch {
            if case .conflict(.identityTaken) = error { return true }
        }
        return false
    }

    @Test func insert_withAnUnknownOwner_orU0000_isRefused() async throws {
        let fixture = try await StoreFixture()
        var session = fixture.makeSession()
        let first = AgentStateMachine(sessionID: session.id, at: session.createdAt).current
        let unlisted = TurngateError.storeUnavailable(detail: "this process is not on the register of runtimes")
        await #expect(throws: unlisted) {
            try await fixture.sessions.insert(session, first: first, owner: RuntimeID(uuid: UUID()))
        }
        session.spec.labels = ["a": "\u{0}"]
        await #expect(
            throws: TurngateError.invalid([FieldError(field: "", message: "the character U+0000 cannot be kept")])
        ) {
            try await fixture.sessions.insert(session, first: first, owner: fixture.runtime.id)
        }
        #expect(try await fixture.number("SELECT count(*) FROM sessions") == 0)
    }

    @Test func list_walksNewestFirst_withoutDoublesOrHoles() async throws {
        let fixture = try await StoreFixture()
        var ids: [SessionID] = []
        for index in 0..<25 {
            ids.append(try await fixture.insertSession(identity: "a\(index)", after: .milliseconds(index)).session.id)
        }
        var seen: [SessionID] = []
        var before: SessionID?
        var pages = 0
        repeat {
            let page = try await fixture.sessions.sessions(SessionQuery(before: before, limit: 10))
            seen += page.sessions.map(\.id)
            before = page.next
            pages += 1
        } while before != nil
        #expect(seen == ids.reversed())
        #expect(pages == 3)
        let exact = try await fixture.sessions.sessions(SessionQuery(limit: 25))
        #expect(exact.sessions.count == 25 && exact.next == nil)
    }

    @Test func list_filtersByStatusRoomAndLabels() async throws {
        let fixture = try await StoreFixture()
        for index in 0..<12 {
            let (session, _) = try await fixture.insertSession(
                room: "room-\(index % 2)", identity: "a\(index)",
                labels: ["tenant": "t\(index % 3)", "n": "\(index)"], after: .milliseconds(index))
            guard index % 4 == 0 else { continue }
            let ticket = try fixture.journal().append([session.ended(after: .seconds(1))])
            #expect(await ticket.outcome(within: .seconds(60)) == .durable)
        }
        func numbers(_ query: SessionQuery) async throws -> [Int] {
            try await fixture.sessions.sessions(query).sessions.compactMap { $0.spec.labels["n"].flatMap { Int($0) } }
        }
        #expect(try await numbers(SessionQuery(statuses: [.ended])) == [8, 4, 0])
        #expect(try await numbers(SessionQuery(statuses: [.ended, .connecting, .ended], limit: 3)) == [11, 10, 9])
        #expect(try await numbers(SessionQuery(statuses: [.connecting], room: "room-0")) == [10, 6, 2])
        #expect(try await numbers(SessionQuery(room: "room-1", limit: 2)) == [11, 9])
        #expect(try await numbers(SessionQuery(labels: ["tenant": "t0"])) == [9, 6, 3, 0])
        #expect(try await numbers(SessionQuery(room: "room-0", labels: ["tenant": "t0", "n": "6"])) == [6])
        #expect(try await numbers(SessionQuery(statuses: [.ended], labels: ["tenant": "t1"])) == [4])
        #expect(try await numbers(SessionQuery(statuses: [.failed])).isEmpty)
    }

    @Test func update_writesWhatCanBePatched_andOnlyWhileLive() async throws {
        let fixture = try await StoreFixture()
        var (session, _) = try await fixture.insertSession()
        session.spec.turnPolicy.mode = .open
        session.spec.labels = ["a": "b"]
        session.spec.metadata = #"{"k":  1}"#
        try await fixture.sessions.update(session)
        #expect(try await fixture.sessions.session(session.id) == session)

        let ticket = try fixture.journal().append([session.ended(after: .seconds(1))])
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)
        await #expect(throws: TurngateError.conflict(.sessionNotWorking(session.id, status: .ended))) {
            try await fixture.sessions.update(session)
        }
        await #expect(throws: TurngateError.notFound(.session)) {
            try await fixture.sessions.update(
                Session(id: SessionID(uuid: UUID()), spec: SessionSpec(room: "r"), createdAt: StoreFixture.start))
        }
    }

    @Test func methods_areInsertedReplacedDeletedAndListed() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        var usage = RPCMethodUsage()
        usage.record(latency: .microseconds(1234), failed: true, at: StoreFixture.start)
        let echo = RPCMethodReport(
            spec: RPCMethodSpec(name: "echo", handler: .echo), builtin: false, registeredAt: StoreFixture.start,
            usage: usage)
        let builtins = try await fixture.sessions.methods(session.id)
        try await fixture.sessions.insertMethod(session.id, echo)
        #expect(builtins.count == 4)
        #expect(try await fixture.sessions.methods(session.id) == [builtins[0], echo] + builtins[1...])
        let names = ["cancel_turn", "echo", "end_turn", "get_turn_state", "start_turn"]
        #expect(try await fixture.sessions.session(session.id)?.rpcMethods == names)
        await #expect(throws: TurngateError.notFound(.session)) {
            try await fixture.sessions.insertMethod(SessionID(uuid: UUID()), echo)
        }
        var replaced = echo
        replaced.spec.handler = .static(response: "x")
        replaced.usage = RPCMethodUsage()
        #expect(try await fixture.sessions.replaceMethod(session.id, replaced))
        #expect(try await fixture.sessions.methods(session.id) == [builtins[0], replaced] + builtins[1...])
        #expect(try await fixture.sessions.deleteMethod(session.id, name: "echo"))
        #expect(try await fixture.sessions.deleteMethod(session.id, name: "echo") == false)
        #expect(try await fixture.sessions.replaceMethod(session.id, replaced) == false)
    }

    @Test func insertMethod_again_isAsOnce_andWithOtherContentWritesOver() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        var usage = RPCMethodUsage()
        usage.record(latency: .microseconds(1234), failed: true, at: StoreFixture.start)
        let torn = RPCMethodReport(
            spec: RPCMethodSpec(name: "m", description: "d", handler: .static(response: "x")), builtin: true,
            registeredAt: StoreFixture.start, usage: usage)
        for _ in 0..<2 {
            try await fixture.sessions.insertMethod(session.id, torn)
            #expect(try await fixture.sessions.methods(session.id).filter { $0.spec.name == "m" } == [torn])
        }
        let next = RPCMethodReport(
            spec: RPCMethodSpec(name: "m", handler: .echo), builtin: false,
            registeredAt: StoreFixture.start + .seconds(1))
        try await fixture.sessions.insertMethod(session.id, next)
        #expect(try await fixture.sessions.methods(session.id).filter { $0.spec.name == "m" } == [next])
    }

    @Test func absentPostgres_isStoreUnavailable_andNothingOfTheQueryIsTold() async throws {
        let fixture = try await StoreFixture()
        await fixture.pool.close()
        await #expect(throws: TurngateError.storeUnavailable(detail: "PostgreSQL does not answer")) {
            _ = try await fixture.sessions.session(SessionID(uuid: UUID()))
        }
    }
}
