import Domain

/// Our own account of what waits in the core's queue: it plays in real time,
/// so the end of what was put in is known. A value; `now` is uptime.
struct VoiceLedger {
    private var end: SuspendingClock.Instant?

    /// A frame was put in.
    mutating func queued(at now: SuspendingClock.Instant) {
        end = max(end ?? now, now) + AudioFrame.duration
    }

    /// The core took a frame only after a wait, which it does for as long as
    /// more than `queue` waits: that is how much there is now, and corrects
    /// what we had added up. A wait while less was queued has other reasons.
    mutating func waited(for queue: Duration, at now: SuspendingClock.Instant) {
        guard backlog(at: now) > queue - AudioFrame.duration else { return }
        end = now + queue
    }

    mutating func cleared() { end = nil }

    func backlog(at now: SuspendingClock.Instant) -> Duration { max(.zero, (end ?? now) - now) }
}
