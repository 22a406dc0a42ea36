import Domain
import Foundation
import Postgres
import TestSupport
import Testing

/// Methods that the users' own systems answer, those of every new session, and
/// who made a session.
@Suite struct HandlerStoreTests {
    private static let webhook = RPCMethodSpec(
        name: "get_order_state", description: "asks the shop",
        handler: .webhook(
            WebhookHandler(
                url: "https://shop.example/rpc?x=1", timeout: .milliseconds(2500),
                headers: ["Authorization": "Bearer \"s3cret\"", "X-A": ""], secret: "whsec_c2VjcmV0", envelope: .raw)),
        allowedCallers: AllowedCallers(identities: ["alice", "bob"], kinds: [.sip, .standard], floorHolder: true),
        keepsPayloads: true)
    private static let bare = RPCMethodSpec(
        name: "a_webhook", handler: .webhook(WebhookHandler(url: "http://a.example")))
    private static let queue = RPCMethodSpec(
        name: "queued", handler: .queue(QueueHandler(timeout: .milliseconds(100), envelope: .raw)),
        allowedCallers: AllowedCallers())
    private static let all = [bare, webhook, queue, RPCMethodSpec(name: "static", handler: .static(response: ""))]

    @Test func aSession_comesBackWithItsHandlers_andWhoMadeIt() async throws {
        let fixture = try await StoreFixture()
        var session = fixture.makeSession()
        session.spec.rpcMethods = Self.all
        session.createdBy = "shop-key"
        let first = AgentStateMachine(sessionID: session.id, at: session.createdAt).current
        try await fixture.sessions.insert(session, first: first, owner: fixture.runtime.id)
        let stored = try #require(try await fixture.sessions.session(session.id))
        #expect(stored.spec.rpcMethods == Self.all && stored.createdBy == "shop-key")
        let reports = try await fixture.sessions.methods(session.id).filter { !$0.builtin }
        #expect(reports.map(\.spec) == Self.all)
        let listed = try await fixture.sessions.sessions(SessionQuery()).sessions
        #expect(listed.map(\.createdBy) == ["shop-key"] && listed.map(\.spec.rpcMethods) == [Self.all])
    }

    @Test func aMethod_getsAnotherHandler_andLosesTheOldOne() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        var report = RPCMethodReport(spec: Self.webhook, builtin: false, registeredAt: StoreFixture.start)
        try await fixture.sessions.insertMethod(session.id, report)
        #expect(try await fixture.sessions.methods(session.id).contains(report))
        for handler in [RPCHandler.echo, Self.queue.handler, .static(response: "x"), Self.bare.handler] {
            report.spec = RPCMethodSpec(name: Self.webhook.name, handler: handler)
            #expect(try await fixture.sessions.replaceMethod(session.id, report))
            #expect(try await fixture.sessions.methods(session.id).contains(report))
        }
    }

    @Test func defaultMethods_areKept_replacedAndRemoved() async throws {
        let fixture = try await StoreFixture()
        let store = fixture.sessions
        #expect(try await store.defaultMethods().isEmpty)
        for spec in Self.all.reversed() { try await store.insertDefaultMethod(spec, limit: 4) }
        #expect(try await store.defaultMethods() == Self.all)
        await #expect(throws: TurngateError.conflict(.rpcMethodTaken(name: "queued"))) {
            try await store.insertDefaultMethod(RPCMethodSpec(name: "queued", handler: .echo), limit: 5)
        }
        await #expect(throws: TurngateError.conflict(.tooManyRPCMethods(limit: 4))) {
            try await store.insertDefaultMethod(RPCMethodSpec(name: "fifth", handler: .echo), limit: 4)
        }
        let other = RPCMethodSpec(name: "queued", description: "now an echo", handler: .echo)
        #expect(try await store.replaceDefaultMethod(other))
        #expect(try await !store.replaceDefaultMethod(RPCMethodSpec(name: "absent", handler: .echo)))
        #expect(try await store.deleteDefaultMethod("static"))
        #expect(try await !store.deleteDefaultMethod("static"))
        #expect(try await store.defaultMethods() == [Self.bare, Self.webhook, other])
    }

    @Test func defaultMethods_addedAtOnce_keepTheirLimit() async throws {
        let fixture = try await StoreFixture()
        let refused = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<20 {
                group.addTask {
                    do throws(TurngateError) {
                        let spec = RPCMethodSpec(name: "m\(index)", handler: .echo)
                        try await fixture.sessions.insertDefaultMethod(spec, limit: 5)
                        return false
                    } catch {
                        return error == .conflict(.tooManyRPCMethods(limit: 5))
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(refused == 15)
        #expect(try await fixture.sessions.defaultMethods().count == 5)
    }

    @Test func aHeaderWithACharacterThatCannotBeKept_isTheCallersError() async throws {
        let fixture = try await StoreFixture()
        let handler = WebhookHandler(url: "http://a.example", headers: ["X": "a\u{0}b"])
        await #expect(
            throws: TurngateError.invalid([FieldError(field: "", message: "the character U+0000 cannot be kept")])
        ) {
            try await fixture.sessions.insertDefaultMethod(
                RPCMethodSpec(name: "m", handler: .webhook(handler)), limit: 5)
        }
    }
}
