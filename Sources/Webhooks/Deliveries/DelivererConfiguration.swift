import Domain

/// How deliveries are made.
public struct DelivererConfiguration: Sendable {
    /// Deliveries under way at once.
    public var maxInFlight = 256
    /// Deliveries under way at once to one webhook; one whose last attempt failed
    /// gets a single one, and all of those together half of `maxInFlight`.
    public var maxInFlightPerWebhook = 4
    /// How long a receiver may take to answer.
    public var requestTimeout: Duration = .seconds(15)
    /// How long a lane is this process's without a sign of life; more than
    /// `requestTimeout`, or others deliver the same beside it.
    public var lease: Duration = .seconds(30)
    /// How long deliveries are tried.
    public var giveUpAfter: Duration = .seconds(3 * 86_400)
    /// How often to look for what is due; `wake()` is for what is new.
    public var poll: Duration = .seconds(1)
    /// How far apart looks for something new are in a busy moment; the first after
    /// a pause waits for nothing.
    public var pace: Duration = .milliseconds(20)
    /// How often to tidy up, and to count what waits.
    public var tidyEvery: Duration = .seconds(10)
    /// How long one lane is delivered before others have their turn.
    public var laneTurn: Duration = .seconds(5)
    /// Deliveries read at once from a lane, and bytes of their bodies.
    public var batchLimit = 32
    /// See `batchLimit`.
    public var batchBytes = 256 * 1024
    /// How long what is over is kept.
    public var ages = OutboxAges()
    /// 0…1, another one each time: spreads the retries.
    public var jitter: @Sendable () -> Double = { Double.random(in: 0...1) }

    /// As the properties say.
    public init() {}
}
