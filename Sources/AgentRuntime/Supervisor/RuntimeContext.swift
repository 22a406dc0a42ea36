import Domain
import Logging

/// What every session of a process works with.
public struct RuntimeContext: Sendable {
    let runtime: RuntimeID
    let connector: any RoomConnector
    let store: any SessionStore
    let journal: any StateJournal
    /// The way to the users' systems that answer calls over HTTP.
    let handlers: any HandlerBackend
    /// Makes a new secret for a webhook, `whsec_…`.
    let makeWebhookSecret: @Sendable () throws(TurngateError) -> String
    let clock: any TurngateClock
    let metrics: RuntimeMetrics
    let limits: RuntimeLimits
    let logger: Logger
    /// The audio of turns that is kept, of all sessions.
    let turnAudio: KeptTurnAudio

    /// Put together by the composition root, once for the process.
    public init(
        runtime: RuntimeID, connector: any RoomConnector, store: any SessionStore, journal: any StateJournal,
        handlers: any HandlerBackend, makeWebhookSecret: @escaping @Sendable () throws(TurngateError) -> String,
        clock: any TurngateClock, metrics: RuntimeMetrics, limits: RuntimeLimits = RuntimeLimits(), logger: Logger
    ) {
        self.runtime = runtime
        self.connector = connector
        self.store = store
        self.journal = journal
        self.handlers = handlers
        self.makeWebhookSecret = makeWebhookSecret
        self.clock = clock
        self.metrics = metrics
        self.limits = limits
        self.logger = logger
        turnAudio = KeptTurnAudio(maxBytes: limits.allTurnAudioBytes, time: limits.turnAudioTime, clock: clock)
    }
}
