/// What is kept of sessions. Every call throws `storeUnavailable` when
/// PostgreSQL does not answer within its bound.
public protocol SessionStore: Sendable {
    /// Writes a new session with its first history row and its methods, held
    /// by the runtime `owner`. Throws `conflict(.identityTaken)` when a live
    /// session has that identity in that room. After `storeUnavailable` nobody
    /// knows whether it was written: whoever gives it up has to journal its
    /// end, which is refused without harm where there is no such session. After
    /// any other error it is not there.
    func insert(_ session: Session, first: AgentStateTransition, owner: RuntimeID) async throws(TurngateError)
    /// The session as last written down; nil when there is none.
    func session(_ id: SessionID) async throws(TurngateError) -> Session?
    /// Newest first.
    func sessions(_ query: SessionQuery) async throws(TurngateError) -> SessionPage
    /// Writes what can be patched.
    func update(
        _ id: SessionID, turnPolicy: TurnPolicy, labels: [String: String], metadata: String
    ) async throws(TurngateError)

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
