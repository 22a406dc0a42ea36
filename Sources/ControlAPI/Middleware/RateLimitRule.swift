/// How many calls a caller may make.
public struct RateLimitRule: Sendable, Equatable {
    /// In the long run.
    public var perSecond: Int
    /// At once, after a pause.
    public var burst: Int

    /// Both at least 1.
    public init(perSecond: Int, burst: Int) {
        self.perSecond = max(1, perSecond)
        self.burst = max(1, burst)
    }

    /// In how many seconds a caller who has used up everything has it all again.
    var window: Int { (burst + perSecond - 1) / perSecond }
}
