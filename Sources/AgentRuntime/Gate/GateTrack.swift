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

    mutating func shut(skipping frames: Int) {
        position = .shut
        openSince = nil
        skip = frames
        ring.clear()
    }
}
