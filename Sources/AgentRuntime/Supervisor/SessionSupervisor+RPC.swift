import Domain

/// Default methods, the invocation log, and the calls that users' systems come
/// for.
extension SessionSupervisor {
    public func defaultMethods() async throws(TurngateError) -> [RPCMethodSpec] {
        try await context.store.defaultMethods()
    }

    public func addDefaultMethod(_ spec: RPCMethodSpec, claim: IdempotencyClaim?) async throws(TurngateError) {
        try requireNotBuiltin(spec.name)
        try await uncut { [context] () async throws(TurngateError) in
            try await context.store.insertDefaultMethod(spec, limit: context.limits.methodsAtFirst, claim: claim)
        }
    }

    public func replaceDefaultMethod(_ spec: RPCMethodSpec) async throws(TurngateError) {
        try requireNotBuiltin(spec.name)
        guard try await context.store.replaceDefaultMethod(spec) else { throw .notFound(.rpcMethod) }
    }

    public func removeDefaultMethod(_ name: String) async throws(TurngateError) {
        try requireNotBuiltin(name)
        guard try await context.store.deleteDefaultMethod(name) else { throw .notFound(.rpcMethod) }
    }

    private func requireNotBuiltin(_ name: String) throws(TurngateError) {
        guard BuiltinMethod(rawValue: name) == nil else { throw .conflict(.rpcMethodBuiltin(name: name)) }
    }

    public func invocations(
        _ id: SessionID, _ query: InvocationQuery
    ) async throws(TurngateError) -> InvocationPage {
        try await requireKnown(id)
        return try await context.store.invocations(id, query)
    }

    public func invocation(
        _ id: SessionID, _ invocation: InvocationID
    ) async throws(TurngateError) -> RPCInvocationRecord {
        guard let record = try await context.store.invocation(id, invocation) else {
            try await requireKnown(id)
            throw .notFound(.invocation)
        }
        return record
    }

    private func requireKnown(_ id: SessionID) async throws(TurngateError) {
        if liveSession(id) == nil, try await context.store.session(id) == nil { throw .notFound(.session) }
    }

    public func takeInvocations(
        _ id: SessionID, _ poll: InvocationPoll
    ) async throws(TurngateError) -> [LeasedInvocation] {
        try await working(id).takeInvocations(poll)
    }

    public func answerInvocation(
        _ id: SessionID, _ invocation: InvocationID, with answer: InvocationAnswer
    ) async throws(TurngateError) {
        do throws(TurngateError) {
            guard let held = liveSession(id) else { throw .notFound(.invocation) }
            try await held.answerInvocation(invocation, with: answer)
        } catch .notFound(.invocation) {
            // What is remembered nowhere else may be in the log.
            _ = try await self.invocation(id, invocation)
            throw .conflict(.invocationOver(invocation))
        }
    }
}
