import Domain

/// One participant's audio at the gate.
struct GateTrack {
    /// What becomes of the next frame.
    enum Position {
        /// Thrown away, after it fed the ring.
        case shut
        /// Passes.
        case open
        /// Passes for so many frames more: the last words of a turn.
        case tail(Int)
    }

    let trackSid: String
    var position = Position.shut
    var ring: PreRollRing
    /// Frames still to come that belong to what was before the last edge, in the
    /// speaker's time: they neither pass nor feed the ring.
    var skip = 0
    /// When those are not waited for any longer: who mutes sends none of them.
    var skipUntil = Duration.zero
    /// When the last frame came.
    var lastFrameAt: Duration?
    /// Since when it has been open; nil while it is shut.
    var openSince: Duration?

    var isOpen: Bool {
        if case .shut = position { return false }
        return true
    }

    init(trackSid: String, ringFrames: Int) {
        self.trackSid = trackSid
        ring = PreRollRing(capacity: ringFrames)
    }

    mutating func shut(skipping frames: Int, until time: Duration) {
        position = .shut
        openSince = nil
        skip = frames
        skipUntil = time
        ring.clear()
    }

    /// How much of what was said before `time` is still to come: what lags, and
    /// what has been gathering for the next frame since the last one came.
    func ahead(at time: Duration, lag: Duration) -> Duration {
        let gathering = lastFrameAt.map { time - $0 } ?? .zero
        return lag + (gathering > Self.longestGathering ? .zero : gathering)
    }

    /// Where nothing has come for longer, nothing is being said: it does not
    /// gather, and what comes next was said after.
    static let longestGathering = Duration.milliseconds(100)

    /// A frame comes, or an order, at `time`: forgets what a long silence has
    /// made untrue. What was said before it is no pre-roll of what comes after.
    mutating func forget(at time: Duration) {
        if time > skipUntil { skip = 0 }
        if let lastFrameAt, time - lastFrameAt > Self.longestGap { ring.clear() }
    }

    /// A machine that stands still may hold frames up for so long; what is
    /// missing for longer was never sent.
    static let longestGap = Duration.seconds(1)
}
