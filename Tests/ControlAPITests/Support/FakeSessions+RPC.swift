import Domain

// i4: the API's part
extension FakeSessions {
    func defaultMethods() async throws(TurngateError) -> [RPCMethodSpec] { [] }
    func addDefaultMethod(_ spec: RPCMethodSpec) async throws(TurngateError) {}
    func replaceDefaultMethod(_ spec: RPCMethodSpec) async throws(TurngateError) {}
    func removeDefaultMethod(_ name: String) async throws(TurngateError) {}
    func invocations(_ id: SessionID, _ query: InvocationQuery) async throws(TurngateError) -> InvocationPage {
        InvocationPage(invocations: [], next: nil)
    }
    func invocation(
        _ id: SessionID, _ invocation: InvocationID
    ) async throws(TurngateError) -> RPCInvocationRecord { throw .notFound(.invocation) }
    func takeInvocations(
        _ id: SessionID, _ poll: InvocationPoll
    ) async throws(TurngateError) -> [LeasedInvocation] { [] }
    func answerInvocation(
        _ id: SessionID, _ invocation: InvocationID, with answer: InvocationAnswer
    ) async throws(TurngateError) {}
}
