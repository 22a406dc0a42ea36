import Foundation

/// A moment in UTC, in microseconds since 1970: what PostgreSQL's
/// `timestamptz` holds, and what the API shows as RFC 3339.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    public let microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    public static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }

    /// The moment `duration` later, to the whole microsecond.
    public static func + (time: Self, duration: Duration) -> Self {
        Self(microseconds: time.microseconds + duration.microseconds)
    }

    /// How long it is from `earlier` to `later`; negative when they are the other
    /// way round.
    public static func - (later: Self, earlier: Self) -> Duration {
        .microseconds(later.microseconds - earlier.microseconds)
    }
}

extension Duration {
    /// Whole microseconds, rounded towards zero.
    public var microseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }

    /// Milliseconds with their fraction, for answers like `latency_ms`.
    public var milliseconds: Double { Double(microseconds) / 1000 }

    /// Seconds with their fraction, for metrics.
    public var seconds: Double { Double(microseconds) / 1_000_000 }
}
