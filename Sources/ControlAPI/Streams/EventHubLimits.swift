/// Bounds of the streams of events.
public struct EventHubLimits: Sendable, Equatable {
    /// The most open streams of the process; whoever comes later gets 503.
    public var streams = 2500
    /// The most open streams of one API key.
    public var streamsPerKey = 2000
    /// The most open streams of all tokens for one room.
    public var streamsPerRoom = 250
    /// What waits for a reader at most, in events.
    public var queuedEvents = 256
    /// What waits for a reader at most, in bytes as they are sent.
    public var queuedBytes = 1 << 20
    /// How many events are read from the log at a time for all live streams.
    public var batch = 1000
    /// How many events are handed to the streams before these get a turn to
    /// send them.
    public var slice = 64
    /// How far apart the reads of the log are in a busy moment: what comes in
    /// between goes out in one piece, which for a reader of everything costs a
    /// fraction of as many pieces as there are events. The first event after a
    /// pause waits for nothing.
    public var pace = Duration.milliseconds(20)
    /// How many replays read the log at a time.
    public var replays = 16
    /// About how many bytes a page of a replay is to have.
    public var pageBytes = 64 << 10
    /// How often the log is looked at without being told of news, and how exact
    /// heartbeats are.
    public var tick = Duration.milliseconds(500)
    /// How long a live reader whose queue was full may take to catch up from the
    /// log, and any reader to take one page of its replay; then it is cut off.
    public var patience = Duration.seconds(10)
    /// How long a reader that was cut off may take to read what was sent before
    /// the last event.
    public var lastWords = Duration.seconds(60)
    /// How long after a session's last event others may still be written for it:
    /// its streams end no sooner, and whoever comes later and has everything is
    /// told 204. One time for both, so that a reader that was told the end and
    /// comes back at once gets that.
    public var drain = Duration.seconds(2)
    /// The longest pause between two tries while the log is away; the first is
    /// a tenth of it.
    public var longestPause = Duration.seconds(5)

    /// The defaults.
    public init() {}
}
