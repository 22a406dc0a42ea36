import Domain

extension SessionSupervisor: SessionControl {
    public func create(
        _ spec: SessionSpec, actor: String?, claim: IdempotencyClaim?, wait: Duration
    ) async throws(TurngateError) -> Session {
        let made = try await uncut { () async throws(TurngateError) in
            try await self.make(spec, by: actor, claim: claim)
        }
        _ = await made.session.settled.wait(for: wait, on: context.clock)
        var session = made.session.snapshot
        session.newWebhooks = made.webhooks
        guard let end = session.end else { return session }
        switch end.reason {
        case .roomUnreachable: throw .roomUnreachable(session.id, detail: end.detail ?? "")
        case .roomTokenRefused: throw .roomTokenRefused(session.id, detail: end.detail ?? "")
        case .shutdown: throw .shuttingDown
        case .internalError, .duplicateIdentity, .connectionLost, .runtimeLost:
            throw .roomFailed(end.detail ?? end.reason.rawValue)
        case .deleted, .maxDuration, .roomEmpty, .roomDeleted, .participantRemoved:
            throw .conflict(.sessionNotWorking(session.id, status: session.status))
        }
    }

    public func session(_ id: SessionID) async throws(TurngateError) -> Session {
        if let held = liveSession(id) { return held.snapshot }
        guard let stored = try await context.store.session(id) else { throw .notFound(.session) }
        return stored
    }

    public func liveSnapshot(_ id: SessionID) -> SessionSnapshot? { liveSession(id)?.shownNow }

    public func shown(_ id: SessionID) async throws(TurngateError) -> ShownSession {
        if let held = liveSession(id) { return .standing(held.shownNow) }
        if let text = try await context.store.text(of: id) { return .written(text) }
        return .standing(SessionSnapshot(try await session(id)))
    }

    public func sessions(_ query: SessionQuery) async throws(TurngateError) -> SessionPage {
        var page = try await context.store.sessions(query)
        page.sessions = page.sessions.map { liveSession($0.id)?.snapshot ?? $0 }
        // A live session may have gone on since its row was written.
        if !query.statuses.isEmpty { page.sessions.removeAll { !query.statuses.contains($0.status) } }
        return page
    }

    public func update(
        _ id: SessionID, with patch: SessionPatch, actor: String?
    ) async throws(TurngateError) -> Session {
        let held = try await working(id)
        return try await uncut { () async throws(TurngateError) in try await held.update(with: patch) }
    }

    public func end(_ id: SessionID, actor: String?) async throws(TurngateError) -> Session {
        guard let held = liveSession(id) else {
            let stored = try await session(id)
            guard stored.status.isFinal else { throw .conflict(.sessionNotWorking(id, status: stored.status)) }
            return stored
        }
        await held.requestEnd(SessionEnd(.deleted, detail: actor.map { "by \($0)" }))
        // Leaving is bounded by the room's own bound, writing by `durableWait`.
        _ = await held.finished.wait(for: .seconds(5) + context.limits.durableWait + .seconds(1), on: context.clock)
        return held.snapshot
    }

    public func setAgentState(
        _ id: SessionID, to state: AgentState, reason: String?, actor: String?
    ) async throws(TurngateError) -> AgentStateChange {
        try await working(id).setAgentState(to: state, reason: reason, actor: actor)
    }

    public func registerMethod(
        _ id: SessionID, _ spec: RPCMethodSpec
    ) async throws(TurngateError) -> RPCMethodReport {
        let held = try await working(id)
        return try await uncut { () async throws(TurngateError) in try await held.register(spec) }
    }

    public func replaceMethod(_ id: SessionID, _ spec: RPCMethodSpec) async throws(TurngateError) -> RPCMethodReport {
        let held = try await working(id)
        return try await uncut { () async throws(TurngateError) in try await held.replace(spec) }
    }

    public func unregisterMethod(_ id: SessionID, name: String) async throws(TurngateError) {
        let held = try await working(id)
        try await uncut { () async throws(TurngateError) in try await held.unregister(name) }
    }

    public func methods(_ id: SessionID) async throws(TurngateError) -> [RPCMethodReport] {
        if let held = liveSession(id) { return await held.methodReports }
        guard try await context.store.session(id) != nil else { throw .notFound(.session) }
        return try await context.store.methods(id)
    }

    public func call(_ id: SessionID, _ request: RPCCallRequest) async throws(TurngateError) -> [RecipientReceipt] {
        try await working(id).call(request)
    }

    public func notify(
        _ id: SessionID, _ request: NotificationRequest, wait: Duration
    ) async throws(TurngateError) -> NotificationReceipt {
        try await working(id).notify(request, wait: wait)
    }

    public func notifications(
        _ id: SessionID, _ query: NotificationQuery
    ) async throws(TurngateError) -> NotificationPage {
        let atHand = await liveSession(id)?.receiptsAtHand ?? []
        if liveSession(id) == nil, try await context.store.session(id) == nil { throw .notFound(.session) }
        let stored = try await context.store.notifications(id, query)
        let newer = atHand.filter { receipt in
            (query.before.map { receipt.id < $0 } ?? true) && !stored.receipts.contains { $0.id == receipt.id }
        }
        let merged = (newer + stored.receipts).sorted { $0.id > $1.id }
        let page = Array(merged.prefix(query.limit))
        let hasMore = merged.count > query.limit || stored.next != nil
        return NotificationPage(receipts: page, next: hasMore ? page.last?.id : nil)
    }

    public func notification(
        _ id: SessionID, _ notification: NotificationID
    ) async throws(TurngateError) -> NotificationReceipt {
        if let atHand = await liveSession(id)?.receiptsAtHand.first(where: { $0.id == notification }) { return atHand }
        guard let stored = try await context.store.notification(id, notification) else {
            if liveSession(id) == nil, try await context.store.session(id) == nil { throw .notFound(.session) }
            throw .notFound(.turnNotification)
        }
        return stored
    }

    /// The session when this process holds it; a conflict when it has ended.
    func working(_ id: SessionID) async throws(TurngateError) -> LiveSession {
        if let held = liveSession(id) { return held }
        guard let stored = try await context.store.session(id) else { throw .notFound(.session) }
        throw .conflict(.sessionNotWorking(id, status: stored.status))
    }

    /// Runs `body` to its end even when the caller goes away meanwhile: a
    /// change that is half written would stand in the way of the next one.
    func uncut<Value: Sendable>(
        _ body: @escaping @Sendable () async throws(TurngateError) -> Value
    ) async throws(TurngateError) -> Value {
        let task = Task { () async -> Result<Value, TurngateError> in
            do throws(TurngateError) { return .success(try await body()) } catch { return .failure(error) }
        }
        return try await task.value.get()
    }
}
