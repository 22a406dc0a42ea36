import Domain
import Logging
import Synchronization

/// One agent in one room: the actor that owns a session's state machines and
/// carries their actions out.
///
/// Its main task joins the room and then follows the room's events; its end
/// task, started once, leaves the room and writes the end down.
actor LiveSession {
    nonisolated let id: SessionID
    let context: RuntimeContext
    let logger: Logger
    /// Called once the end is durable and the session needs no actor any more.
    let onFinished: @Sendable (SessionID) async -> Void

    var session: Session
    var lifecycle = SessionLifecycle()
    var states: AgentStateMachine
    var methods: [String: RPCMethodReport]
    var invocationsUnderWay = 0
    var fanOuts: [Int: FanOutRun] = [:]
    var nextFanOut = 0
    /// Receipts that are complete and not known to be durable, newest last.
    var freshReceipts: [NotificationReceipt] = []

    var connection: (any RoomConnection)?
    var mainTask: Task<Void, Never>?
    var endTask: Task<Void, Never>?
    var timers: [Timer: Task<Void, Never>] = [:]
    var attributesTask: Task<Void, Never>?
    var attributesAreStale = false
    var attributeFailures = 0
    /// The journal's word on the row that the agent's state stands in.
    var stateTicket: JournalTicket?
    /// A step that calls for a notification came while the room was away.
    var owesNotification = false
    /// Since when the connection has been breaking again and again; nil once
    /// it has lived for `RuntimeLimits.steadyAfter`.
    var unsteadySince: Duration?
    var connectedAt = Duration.zero
    var rejoinPause = LiveSession.shortestRejoinPause
    /// Until its end is written down, a session is shown as `ending`.
    var endIsWritten = false

    /// Open once the agent is in the room, or will never be.
    nonisolated let settled = Latch()
    /// Open once the agent has left the room and the end is with the journal.
    nonisolated let finished = Latch()
    /// Lets one change of methods or policy through at a time.
    let changes = SerialLock()

    private nonisolated let shown: Mutex<Session>

    static let shortestRejoinPause = Duration.milliseconds(200)
    static let longestRejoinPause = Duration.seconds(5)

    /// What can run out.
    enum Timer { case maxDuration, empty, reconnect }

    init(
        _ session: Session, states: AgentStateMachine, context: RuntimeContext,
        onFinished: @escaping @Sendable (SessionID) async -> Void
    ) {
        id = session.id
        self.session = session
        self.states = states
        self.context = context
        self.onFinished = onFinished
        methods = Dictionary(
            session.spec.rpcMethods.map {
                ($0.name, RPCMethodReport(spec: $0, builtin: false, registeredAt: session.createdAt))
            },
            uniquingKeysWith: { first, _ in first })
        shown = Mutex(session)
        var logger = context.logger
        logger[metadataKey: "session"] = "\(session.id)"
        self.logger = logger
    }

    /// The session as it stood after the last change; read without a hop to
    /// the actor.
    nonisolated var snapshot: Session { shown.withLock { $0 } }

    /// Shows the session as it stands now.
    func publish() {
        session.agentState = states.state
        session.agentStateSince = states.current.at
        session.agentStateSeq = states.current.seq
        session.rpcMethods = methods.keys.sorted()
        session.participants = connection?.remoteParticipants ?? []
        var current = session
        if current.status.isFinal, !endIsWritten { current.status = .ending }
        shown.withLock { [current] in $0 = current }
    }

    /// Moves the lifecycle; says whether anything changed. The new status is
    /// shown at once.
    @discardableResult
    func advance(_ event: SessionLifecycle.Event) -> Bool {
        guard let status = lifecycle.apply(event) else { return false }
        session.status = status
        session.end = lifecycle.end
        logger.info("session is \(status.rawValue)", metadata: endMetadata)
        return true
    }

    private var endMetadata: Logger.Metadata {
        guard let end = lifecycle.end else { return [:] }
        return ["reason": "\(end.reason.rawValue)", "detail": "\(end.detail ?? "")"]
    }

    /// Throws unless the session can take orders.
    func requireWorking() throws(TurngateError) {
        guard lifecycle.status.isWorking else { throw .conflict(.sessionNotWorking(id, status: lifecycle.status)) }
    }

    /// Throws unless the agent is in its room at this moment.
    func requireInRoom() throws(TurngateError) {
        guard lifecycle.status == .active else { throw .conflict(.sessionNotWorking(id, status: lifecycle.status)) }
    }

    /// Starts (again) a timer that does `action` on this actor, `duration` from
    /// now, however late its own task gets to run.
    func start(_ timer: Timer, after duration: Duration, _ action: @escaping @Sendable (LiveSession) async -> Void) {
        timers[timer]?.cancel()
        let moment = context.clock.uptime + duration
        timers[timer] = Task {
            do { try await context.clock.sleep(until: moment) } catch { return }
            // Between the sleep's end and this line the timer may have been
            // stopped by what came first.
            if Task.isCancelled { return }
            await action(self)
        }
    }

    func stop(_ timer: Timer) {
        timers.removeValue(forKey: timer)?.cancel()
    }
}
