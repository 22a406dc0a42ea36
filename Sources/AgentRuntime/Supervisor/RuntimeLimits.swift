/// The runtime's bounds.
public struct RuntimeLimits: Sendable {
    /// Sessions that one process holds at once.
    public var sessions = 2000
    /// How long an agent may take into its room; less than the API's default
    /// wait, so that a caller who waits learns why it failed.
    public var joinDeadline = Duration.seconds(9)
    /// How long a session may be `reconnecting`.
    public var reconnectBound = Duration.seconds(60)
    /// How long a connection has to live before it counts as steady again; one
    /// that breaks sooner goes on with the bound and the pauses of the last.
    public var steadyAfter = Duration.seconds(30)
    /// How long a call waits for PostgreSQL before it answers that the row is
    /// not durable yet.
    public var durableWait = Duration.seconds(2)
    /// How often the room is told the agent's attributes at most, but for what
    /// participants are told besides: an eye sees no more.
    public var attributePace = Duration.milliseconds(100)
    /// Live sessions that one caller of the API may have in this process; nil or
    /// 0: no bound of its own.
    public var sessionsPerKey: Int?
    /// Methods per session.
    public var methods = 100
    /// Methods that a session may begin with, the service's defaults among them;
    /// and how many defaults there may be.
    public var methodsAtFirst = 50
    /// Calls to participants under way at once, per session.
    public var fanOuts = 64
    /// Invocations of the agent's methods under way at once, per session, besides
    /// those that wait to be polled.
    public var invocations = 256
    /// Lines that calls to the agent's methods may add to the log, per session;
    /// the calls beyond are answered and not logged.
    public var logLinesPerSecond = 50
    /// How many such lines there may be at once.
    public var logBurst = 200
    /// Invocations that wait to be polled and answered, per session.
    public var pendingInvocations = 1000
    /// Those who wait for such invocations, per session.
    public var invocationPollers = 100

    /// Readers of gated audio per session.
    public var readers = 32
    /// Speeches that wait or are played, per session.
    public var speeches = 16
    /// How much of a speech waits to be played, before its upload is held back:
    /// a minute, 5.8 MB.
    public var speechBacklogFrames = 3000
    /// How much of a speech is there before it begins, so that an upload at
    /// real-time pace does not stutter.
    public var speechLeadFrames = 5
    /// How long the first speech waits for somebody to have subscribed to the
    /// agent's track: what is said before is lost to him.
    public var listenerWait = Duration.seconds(2)
    /// How long a holder may be muted, or without a track, before that ends
    /// its turn: changing the microphone takes the track away for a moment.
    public var holderGrace = Duration.seconds(1)
    /// The same for a holder who has not been audible in its turn yet.
    public var holderStartGrace = Duration.seconds(5)
    /// How long the free floor is kept for the next in the queue.
    public var offerTime = Duration.seconds(5)
    /// How far audio is taken to lag behind a call while nothing is measured.
    public var assumedLag = Duration.milliseconds(60)
    /// How often the watchdog looks; twice that is the longest that anything
    /// may go wrong unseen.
    public var watchInterval = Duration.milliseconds(400)
    /// How long an open gate may be without a frame, and `speaking` without
    /// audio.
    public var silenceBound = Duration.milliseconds(600)
    /// How long a heard track may be without a packet: one that says nothing
    /// sends one every 400 ms all the same.
    public var packetBound = Duration.milliseconds(750)
    /// How long the first frame of a track may take, from when it was asked for.
    public var firstFrameBound = Duration.seconds(3)
    /// The kept audio of one turn, in bytes.
    public var turnAudioBytes = 16 << 20
    /// The kept audio of all turns of the process, in bytes.
    public var allTurnAudioBytes = 64 << 20
    /// For how long it is kept.
    public var turnAudioTime = Duration.seconds(600)

    public init() {}
}
