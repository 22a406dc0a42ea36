import Domain
import Foundation
import TestSupport
import Testing

@testable import AgentRuntime

/// What a new session begins with, and who may have how many.
struct CreationTests {
    private static func method(_ name: String, _ response: String = "default") -> RPCMethodSpec {
        RPCMethodSpec(name: name, handler: .static(response: response))
    }

    @Test func defaults_areThereFromTheStart_andTheSessionsOwnWin() async throws {
        let bench = Bench()
        for name in ["a", "b"] { try await bench.supervisor.addDefaultMethod(Self.method(name)) }
        let session = try await bench.activeSession(
            SessionSpec(room: "r", rpcMethods: [Self.method("b", "own"), Self.method("c", "own")]))
        #expect(bench.room.current?.methods == (["a", "b", "c"] + Bench.builtins).sorted())
        #expect(session.rpcMethods == (["a", "b", "c"] + Bench.builtins).sorted())
        let handlers = try await bench.supervisor.methods(session.id).filter { !$0.builtin }.map(\.spec.handler)
        #expect(handlers == [.static(response: "default"), .static(response: "own"), .static(response: "own")])
        #expect(bench.store.stored(session.id)?.spec.rpcMethods.map(\.name) == ["b", "c", "a"])
    }

    @Test func defaults_changedLater_areForNewSessions() async throws {
        let bench = Bench()
        try await bench.supervisor.addDefaultMethod(Self.method("a"))
        let session = try await bench.activeSession()
        try await bench.supervisor.replaceDefaultMethod(Self.method("a", "new"))
        #expect(try await bench.supervisor.defaultMethods() == [Self.method("a", "new")])
        try await bench.supervisor.removeDefaultMethod("a")
        #expect(try await bench.supervisor.defaultMethods().isEmpty)
        #expect(try await bench.supervisor.methods(session.id).map(\.spec).contains(Self.method("a")))
    }

    @Test func defaults_haveTheirConflicts() async throws {
        let bench = Bench()
        let supervisor = bench.supervisor
        try await supervisor.addDefaultMethod(Self.method("a"))
        await #expect(throws: TurngateError.conflict(.rpcMethodTaken(name: "a"))) {
            try await supervisor.addDefaultMethod(Self.method("a"))
        }
        await #expect(throws: TurngateError.conflict(.rpcMethodBuiltin(name: "start_turn"))) {
            try await supervisor.addDefaultMethod(Self.method("start_turn"))
        }
        await #expect(throws: TurngateError.conflict(.rpcMethodBuiltin(name: "start_turn"))) {
            try await supervisor.replaceDefaultMethod(Self.method("start_turn"))
        }
        await #expect(throws: TurngateError.conflict(.rpcMethodBuiltin(name: "start_turn"))) {
            try await supervisor.removeDefaultMethod("start_turn")
        }
        await #expect(throws: TurngateError.notFound(.rpcMethod)) {
            try await supervisor.replaceDefaultMethod(Self.method("b"))
        }
        await #expect(throws: TurngateError.notFound(.rpcMethod)) { try await supervisor.removeDefaultMethod("b") }
        for number in 1..<50 { try await supervisor.addDefaultMethod(Self.method("m\(number)")) }
        await #expect(throws: TurngateError.conflict(.tooManyRPCMethods(limit: 50))) {
            try await supervisor.addDefaultMethod(Self.method("m50"))
        }
    }

    @Test func moreThanFiftyTogether_areAConflict_andNothingIsMade() async throws {
        let bench = Bench()
        for number in 0..<30 { try await bench.supervisor.addDefaultMethod(Self.method("d\(number)")) }
        // Ten of them take the place of a default.
        let own = (20..<50).map { Self.method("d\($0)", "own") }
        let session = try await bench.activeSession(SessionSpec(room: "r", rpcMethods: own))
        #expect(session.rpcMethods.count == 50 + Bench.builtins.count)
        await #expect(throws: TurngateError.conflict(.tooManyRPCMethods(limit: 50))) {
            _ = try await bench.activeSession(SessionSpec(room: "s", rpcMethods: own + [Self.method("one_more")]))
        }
        #expect(bench.room.joins.count == 1)
        #expect(bench.supervisor.census.values.reduce(0, +) == 1)
    }

    @Test func theMaker_isRemembered() async throws {
        let bench = Bench()
        #expect(try await bench.activeSession().createdBy == "test")
        let nobodys = try await bench.supervisor.create(SessionSpec(room: "s"), actor: nil, wait: .seconds(5))
        #expect(nobodys.createdBy == nil)
    }

    @Test func aKey_hasNoMoreLiveSessionsThanItMay_othersAndNobodyAreNotCounted() async throws {
        var limits = RuntimeLimits()
        limits.sessionsPerKey = 2
        let bench = Bench(limits: limits)
        func create(_ room: String, _ actor: String?) async throws -> Session {
            try await bench.supervisor.create(SessionSpec(room: room), actor: actor, wait: .seconds(5))
        }
        let first = try await create("1", "shop")
        _ = try await create("2", "shop")
        await #expect(throws: TurngateError.conflict(.tooManySessions(limit: 2))) { _ = try await create("3", "shop") }
        _ = try await create("3", "other")
        for room in ["4", "5", "6"] { _ = try await create(room, nil) }
        // One that has ended makes room, durable or not.
        bench.journal.answer(.pending)
        let ending = Task { try await bench.supervisor.end(first.id, actor: nil) }
        #expect(await eventually { bench.supervisor.liveSession(first.id)?.finished.isOpen != false })
        _ = try await create("7", "shop")
        await #expect(throws: TurngateError.conflict(.tooManySessions(limit: 2))) { _ = try await create("8", "shop") }
        bench.journal.answer(.durable)
        _ = try await ending.value
    }

    @Test func theCap_holdsForManyAtOnce_andAFailedOneGivesItsPlaceBack() async throws {
        var limits = RuntimeLimits()
        limits.sessionsPerKey = 3
        let bench = Bench(limits: limits)
        let gate = FakeGate()
        bench.store.holdInserts(at: gate)
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<20 {
                group.addTask {
                    (try? await bench.supervisor.create(
                        SessionSpec(room: "r\(number)"), actor: "shop", wait: .zero)) != nil
                }
            }
            #expect(await eventually { gate.arrivals == 3 })
            gate.open()
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count(where: { $0 }) == 3)
        bench.store.loseInserts(true)
        for _ in 0..<3 {
            await #expect(throws: TurngateError.storeUnavailable(detail: "lost")) {
                _ = try await bench.supervisor.create(SessionSpec(room: "x"), actor: "other", wait: .zero)
            }
        }
        bench.store.loseInserts(false)
        _ = try await bench.supervisor.create(SessionSpec(room: "x"), actor: "other", wait: .zero)
    }

    @Test func asManyAsMay_comeAtOnce_andNoneCountsTwice() async throws {
        var limits = RuntimeLimits()
        limits.sessionsPerKey = 40
        limits.sessions = 40
        let bench = Bench(limits: limits)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    _ = try await bench.supervisor.create(
                        SessionSpec(room: "r\(number)"), actor: "shop", wait: .zero)
                }
            }
            try await group.waitForAll()
        }
        #expect(bench.supervisor.census.values.reduce(0, +) == 40)
    }

    @Test func claimAndWebhooks_goWithTheSession_andTheSecretsAreShownOnce() async throws {
        let bench = Bench()
        let hooks = [
            WebhookSpec(url: "https://a", events: [.turnEnded]), WebhookSpec(url: "https://b", description: "all"),
        ]
        let claim = IdempotencyClaim(id: UUID())
        let session = try await bench.supervisor.create(
            SessionSpec(room: "r", webhooks: hooks), actor: "shop", claim: claim, wait: .seconds(5))
        #expect(bench.store.claim(of: session.id) == claim)
        #expect(session.newWebhooks == bench.store.webhooks(of: session.id))
        #expect(session.newWebhooks.map(\.webhook.spec) == hooks)
        #expect(session.newWebhooks.allSatisfy { $0.webhook.sessionID == session.id && $0.webhook.disabled == nil })
        #expect(session.newWebhooks.allSatisfy { $0.webhook.createdAt == session.createdAt })
        #expect(Set(session.newWebhooks.map(\.secret)).count == 2)
        #expect(session.newWebhooks.allSatisfy { $0.secret.hasPrefix("whsec_") })
        #expect(try await bench.supervisor.session(session.id).newWebhooks.isEmpty)
        #expect(bench.store.stored(session.id)?.newWebhooks.isEmpty == true)
    }
}
