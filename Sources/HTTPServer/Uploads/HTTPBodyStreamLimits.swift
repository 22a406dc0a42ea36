/// Bounds of a body that is read while it comes. Both times run only while the
/// front waits for the client: a handler that reads slowly holds the client
/// back, and that time is its own.
public struct HTTPBodyStreamLimits: Sendable, Equatable {
    /// The longest body, in bytes. A `Content-Length` beyond it is refused with
    /// `HTTPFrontError.bodyTooLarge` before the handler starts; a chunked body
    /// that grows beyond it ends in `HTTPBodyError.tooManyBytes`.
    public var bytes: Int
    /// The longest wait for the next piece (`HTTPBodyError.pauseTooLong`).
    /// Never longer than three quarters of `HTTPLimits.idleTimeout`, after
    /// which a silent connection is closed without a word.
    public var pause: Duration
    /// The longest wait for the client in all (`HTTPBodyError.tookTooLong`).
    public var whole: Duration

    /// Every bound has to be said: none fits all bodies.
    public init(bytes: Int, pause: Duration, whole: Duration) {
        self.bytes = bytes
        self.pause = pause
        self.whole = whole
    }

    /// What can be kept on a connection that is closed when it is idle.
    func within(_ limits: HTTPLimits) -> HTTPBodyStreamLimits {
        var kept = self
        kept.pause = min(pause, limits.idleTimeout * 3 / 4)
        return kept
    }
}
