import Domain

/// Our own account of what waits in the core's queue: it plays in real time,
/// so the end of what was put in is known. A value; `now` is uptime.
struct VoiceLedger {
    private var end: SuspendingClock.Instant?

    /// A frame was put in.
    mutating func queued(at now: SuspendingClock.Instant) {
        end = max(end ?? now, now) + AudioFrame.duration
    }

    /// The core says how much is in its queue; what we had added up is
    /// corrected by it.
    mutating func holds(_ waiting: Duration, at now: SuspendingClock.Instant) { end = now + waiting }

    mutating func cleared() { end = nil }

    func backlog(at now: SuspendingClock.Instant) -> Duration { max(.zero, (end ?? now) - now) }
}
