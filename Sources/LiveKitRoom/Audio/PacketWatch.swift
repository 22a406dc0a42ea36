/// Whether packets of a track still come. A value: counts in, stillness out.
///
/// The jitter buffer goes on giving frames when nothing comes any more, so that
/// frames alone do not tell.
struct PacketWatch {
    private var count: UInt64 = 0
    private var since: ContinuousClock.Instant?
    private var lookedAt: ContinuousClock.Instant?

    /// How long no packet had come at the last look; nil before the first.
    var stillness: Duration? {
        guard let since, let lookedAt else { return nil }
        return since.duration(to: lookedAt)
    }

    /// `count` packets have come in all, as of `now`.
    mutating func take(_ count: UInt64, at now: ContinuousClock.Instant) {
        if since == nil || count != self.count { since = now }
        self.count = count
        lookedAt = now
    }

    /// The track is held back, or a new one to the core.
    mutating func restart() { self = PacketWatch() }
}
