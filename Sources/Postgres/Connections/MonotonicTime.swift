import Glibc

/// Moments of CLOCK_MONOTONIC in nanoseconds.
enum MonotonicTime {
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// The moment `duration` from now; never before now.
    static func after(_ duration: Duration) -> UInt64 { now() &+ duration.nanoseconds }

    /// Milliseconds until `moment` for poll(2), rounded up, at most a minute.
    static func pollTimeout(until moment: UInt64) -> Int32 {
        let now = now()
        guard moment > now else { return 0 }
        return Int32(min((moment - now + 999_999) / 1_000_000, 60_000))
    }
}

extension Duration {
    /// Nanoseconds, none for negative durations, at most a year, so that sums
    /// of moments do not overflow.
    var nanoseconds: UInt64 {
        let limited = min(max(self, .zero), .seconds(31_536_000))
        return UInt64(limited.components.seconds) * 1_000_000_000
            + UInt64(limited.components.attoseconds / 1_000_000_000)
    }

    /// Milliseconds for a server setting, where 0 would mean no limit at all.
    var wholeMilliseconds: UInt64 { max(1, nanoseconds / 1_000_000) }
}
