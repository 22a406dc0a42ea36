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
    /// The API key's name; nil where there are no keys.
    nonisolated let createdBy: String?
    let context: RuntimeContext
    let logger: Logger
    /// Called once the end is durable and the session needs no actor any more.
    let onFinished: @Sendable (SessionID) async -> Void

    var session: Session
    var lifecycle = SessionLifecycle()
    var states: AgentStateMachine
    var methods: [String: RPCMethodReport]
    /// Calls to the agent's methods that have no answer yet.
    var invocations: [InvocationID: InvocationRun] = [:]
    /// How many more lines of the log the calls may become at this moment.
    var logBudget: LogBudget
    /// Of the calls, those that a users' system is to come for.
    var queue: InvocationQueue
    /// When the queue's timer goes off.
    var queueMoment: Duration?
    /// Those who wait for such calls.
    var pollers: [Int: CheckedContinuation<Result<[LeasedInvocation], TurngateError>, Never>] = [:]
    var nextPoller = 0
    var fanOuts: [Int: FanOutRun] = [:]
    var nextFanOut = 0
    /// Receipts that are complete and not known to be durable, newest last.
    var freshReceipts: [NotificationReceipt] = []

    var connection: (any RoomConnection)?
    var mainTask: Task<Void, Never>?
    var endTask: Task<Void, Never>?
    var timers: [Timer: Task<Void, Never>] = [:]
    var attributesTask: Task<Void, Never>?
    var attributeTelling: AttributeTelling
    /// The journal's word on the row that the agent's state stands in.
    var stateTicket: JournalTicket?
    /// The journal's word on what it took last of this session.
    var lastTicket: JournalTicket?
    /// A step that calls for a notification came while the room was away.
    var owesNotification = false
    /// Since when the connection has been breaking again and again; nil once
    /// it has lived for `RuntimeLimits.steadyAfter`.
    var unsteadySince: Duration?
    var connectedAt = Duration.zero
    var rejoinPause = LiveSession.shortestRejoinPause
    /// Until its end is written down, a session is shown as `ending`.
    var endIsWritten = false
    /// The end is on its way into the journal: nothing of the session comes after it.
    var journalIsClosed = false
    /// Those in the room of whom was told, by identity.
    var knownParticipants: [String: RoomParticipant] = [:]

    /// Open once the agent is in the room, or will never be.
    nonisolated let settled = Latch()
    /// Open once the agent has left the room and the end is with the journal.
    nonisolated let finished = Latch()
    /// Lets one change of methods or policy through at a time.
    let changes = SerialLock()

    // Turns.
    var turns: TurnMachine
    var turnStarted = Duration.zero
    var holderWasAudible = false
    /// The holder whose turn is just being started: its gate opens with that.
    var openingHolder: String?
    /// Turns on their way to their outcome, for those who wait for it.
    var endings: [TurnID: TurnEnding] = [:]
    /// Turns that are over and not known to be durable, newest last.
    var endedTurns: [Turn] = []
    /// Of them, those that a full journal has not taken, oldest first.
    var unwrittenTurns: [Turn] = []
    /// Lets one wish for the floor through at a time, first come first.
    let floorDoor = SerialLock()

    // The gate.
    nonisolated let gate: AudioGate
    var rules: GateRules
    var heardIdentities: [String] = []
    var gateNews: [[UInt8]] = []
    var gateNewsTask: Task<Void, Never>?
    /// By track sid: what is to be received, and what is.
    var wantedAudio: [String: Reception] = [:]
    var receivedAudio: [String: Reception] = [:]
    var audioTask: Task<Void, Never>?
    var audioFailures = 0

    // The agent's voice.
    var voice: (any RoomVoice)?
    var voiceIsMuted = false
    /// Speeches that wait, the next one first.
    var speeches: [SpeechRun] = []
    var speaking: SpeechRun?
    var playerTask: Task<Void, Never>?
    /// Frames of the present speech that the room has been given.
    var pushedFrames = 0
    var lastPush = Duration.zero
    /// The present speech waits for its upload, and the agent is shown thinking.
    var speechStalled = false
    /// The state `speaking` is that of what is played, and ends with it.
    var speakingIsOurs = false

    // The watchdog.
    var watchTask: Task<Void, Never>?
    var silentTracks: [String: SilentTrack] = [:]
    var lastIncident: Int64 = 0
    var lastLook = Duration.zero
    /// Gates that stood wrong at the last look.
    var suspectGates: Set<String> = []

    private nonisolated let shown: Mutex<SessionSnapshot>

    static let shortestRejoinPause = Duration.milliseconds(200)
    static let longestRejoinPause = Duration.seconds(5)

    /// What can run out.
    enum Timer { case maxDuration, empty, reconnect, maxTurn, tail, holder, offer, mute, queue, attributes }

    init(
        _ session: Session, states: AgentStateMachine, context: RuntimeContext,
        onFinished: @escaping @Sendable (SessionID) async -> Void
    ) {
        id = session.id
        self.session = session
        self.states = states
        self.context = context
        self.onFinished = onFinished
        createdBy = session.createdBy
        turns = TurnMachine(sessionID: session.id)
        logBudget = LogBudget(
            perSecond: context.limits.logLinesPerSecond, burst: context.limits.logBurst, at: context.clock.uptime)
        attributeTelling = AttributeTelling(pace: context.limits.attributePace)
        queue = InvocationQueue(
            limit: context.limits.pendingInvocations, pollerLimit: context.limits.invocationPollers)
        gate = AudioGate(clock: context.clock, metrics: context.metrics)
        gate.setPreRoll(.milliseconds(session.spec.turnPolicy.preRollMs))
        rules = GateRules(policy: session.spec.turnPolicy, at: session.createdAt)
        let builtins = RPCMethodSpec.builtins.map { (method: $0, builtin: true) }
        methods = Dictionary(
            (builtins + session.spec.rpcMethods.map { (method: $0, builtin: false) }).map {
                ($0.method.name, RPCMethodReport(spec: $0.method, builtin: $0.builtin, registeredAt: session.createdAt))
            },
            uniquingKeysWith: { first, _ in first })
        shown = Mutex(SessionSnapshot(session))
        var logger = context.logger
        logger[metadataKey: "session"] = "\(session.id)"
        self.logger = logger
    }

    /// The session as it stood after the last change; read without a hop to
    /// the actor.
    nonisolated var snapshot: Session { shownNow.session }

    /// The same, with its encoding where somebody has asked for it since.
    nonisolated var shownNow: SessionSnapshot {
        let snapshot = shown.withLock { $0 }
        // What passes a gate is counted on the audio thread.
        guard let turn = snapshot.session.turn, let counts = gate.counts(of: turn.id) else { return snapshot }
        var session = snapshot.session
        session.turn?.audio = counts
        return SessionSnapshot(session)
    }

    /// Shows the session as it stands now.
    func publish() {
        session.agentState = states.state
        session.agentStateSince = states.current.at
        session.agentStateSeq = states.current.seq
        session.rpcMethods = methods.keys.sorted()
        session.participants = connection?.remoteParticipants ?? []
        session.turn = turns.current
        session.floor = turns.floor
        var current = session
        if current.status.isFinal, !endIsWritten { current.status = .ending }
        let snapshot = SessionSnapshot(current)
        shown.withLock { $0 = snapshot }
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
        timers[timer] = startOwn { live in
            do { try await live.context.clock.sleep(until: moment) } catch { return }
            // Between the sleep's end and this line the timer may have been
            // stopped by what came first.
            if Task.isCancelled { return }
            await action(live)
        }
    }

    /// Starts work of the session's own: it outlives the call in which it
    /// begins, and what comes of it belongs neither to that call's trace nor to
    /// anything else that goes with its task.
    nonisolated func startOwn(_ work: @escaping @Sendable (LiveSession) async -> Void) -> Task<Void, Never> {
        Task.detached { await work(self) }
    }

    func stop(_ timer: Timer) {
        timers.removeValue(forKey: timer)?.cancel()
    }
}
