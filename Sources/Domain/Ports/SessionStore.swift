/// What is kept of sessions. Every call throws `storeUnavailable` when
/// PostgreSQL does not answer within its bound.
public protocol SessionStore: Sendable {
    /// Writes a new session with its first history row and its methods, held
    /// by the runtime `owner`. Throws `conflict(.identityTaken)` when a live
    /// session has that identity in that room. After `storeUnavailable` nobody
    /// knows whether it was written: whoever gives it up has to journal its
    /// end, which is refused without harm where there is no such session. After
    /// any other error it is not there. `webhooks` are made with it, each with
    /// its secret, and `claim` is bound to it, in the same transaction.
    func insert(
        _ session: Session, first: AgentStateTransition, webhooks: [WebhookWithSecret], owner: RuntimeID,
        claim: IdempotencyClaim?
    ) async throws(TurngateError)
    /// The session as last written down; nil when there is none.
    func session(_ id: SessionID) async throws(TurngateError) -> Session?
    /// A session that is over as the API shows it, where that is kept in writing:
    /// the very bytes that `session` would be encoded into. Nil for any other,
    /// which has to be read.
    func text(of id: SessionID) async throws(TurngateError) -> [UInt8]?
    /// Newest first.
    func sessions(_ query: SessionQuery) async throws(TurngateError) -> SessionPage
    /// Writes what can be patched: policy, labels and metadata as `session` has
    /// them.
    func update(_ session: Session) async throws(TurngateError)

    /// Writes a new method, over one of that name if there is one: which names
    /// are taken is known to whoever holds the session, and a write whose
    /// outcome is not known can be made again. Throws `notFound(.session)`.
    func insertMethod(_ id: SessionID, _ report: RPCMethodReport) async throws(TurngateError)
    /// Writes over a method; false when there is none of that name.
    func replaceMethod(_ id: SessionID, _ report: RPCMethodReport) async throws(TurngateError) -> Bool
    /// Removes a method with its counts; false when there is none of that name.
    func deleteMethod(_ id: SessionID, name: String) async throws(TurngateError) -> Bool
    /// Sorted by name.
    func methods(_ id: SessionID) async throws(TurngateError) -> [RPCMethodReport]

    /// The methods that every new session starts with, sorted by name.
    func defaultMethods() async throws(TurngateError) -> [RPCMethodSpec]
    /// Throws `conflict(.rpcMethodTaken)`, and `conflict(.tooManyRPCMethods)` past
    /// `limit`. What is added is bound to `claim` in the same transaction.
    func insertDefaultMethod(
        _ spec: RPCMethodSpec, limit: Int, claim: IdempotencyClaim?
    ) async throws(TurngateError)
    /// False when there is none of that name.
    func replaceDefaultMethod(_ spec: RPCMethodSpec) async throws(TurngateError) -> Bool
    /// False when there is none of that name.
    func deleteDefaultMethod(_ name: String) async throws(TurngateError) -> Bool

    /// Newest first.
    func invocations(_ id: SessionID, _ query: InvocationQuery) async throws(TurngateError) -> InvocationPage
    /// One line of this session's log; nil when there is none.
    func invocation(
        _ id: SessionID, _ invocation: InvocationID
    ) async throws(TurngateError) -> RPCInvocationRecord?

    /// Newest first. A running turn is as it was last written down.
    func turns(_ id: SessionID, _ query: TurnQuery) async throws(TurngateError) -> TurnPage
    /// One turn of this session; nil when there is none.
    func turn(_ id: SessionID, _ turn: TurnID) async throws(TurngateError) -> Turn?
    /// Newest first.
    func incidents(_ id: SessionID, _ query: IncidentQuery) async throws(TurngateError) -> IncidentPage

    /// Newest first.
    func notifications(_ id: SessionID, _ query: NotificationQuery) async throws(TurngateError) -> NotificationPage
    /// A complete receipt of this session; nil when there is none.
    func notification(_ id: SessionID, _ notification: NotificationID) async throws(TurngateError)
        -> NotificationReceipt?
}

extension SessionStore {
    /// The same without a claim.
    public func insertDefaultMethod(_ spec: RPCMethodSpec, limit: Int) async throws(TurngateError) {
        try await insertDefaultMethod(spec, limit: limit, claim: nil)
    }

    /// The same without webhooks and claim.
    public func insert(
        _ session: Session, first: AgentStateTransition, owner: RuntimeID
    ) async throws(TurngateError) {
        try await insert(session, first: first, webhooks: [], owner: owner, claim: nil)
    }
}
