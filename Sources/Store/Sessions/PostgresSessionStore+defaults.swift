import Domain

// i4: the store's part
extension PostgresSessionStore {
    public func defaultMethods() async throws(TurngateError) -> [RPCMethodSpec] { [] }

    public func insertDefaultMethod(_ spec: RPCMethodSpec, limit: Int) async throws(TurngateError) {
        throw .internalFailure("i4")
    }

    public func replaceDefaultMethod(_ spec: RPCMethodSpec) async throws(TurngateError) -> Bool {
        throw .internalFailure("i4")
    }

    public func deleteDefaultMethod(_ name: String) async throws(TurngateError) -> Bool {
        throw .internalFailure("i4")
    }

    public func invocations(
        _ id: SessionID, _ query: InvocationQuery
    ) async throws(TurngateError) -> InvocationPage { throw .internalFailure("i4") }

    public func invocation(
        _ id: SessionID, _ invocation: InvocationID
    ) async throws(TurngateError) -> RPCInvocationRecord? { throw .internalFailure("i4") }
}
