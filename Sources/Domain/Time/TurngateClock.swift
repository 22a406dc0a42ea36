import Foundation

/// Where all time comes from. `SystemClock` in the product, `ManualClock` of
/// TestSupport in tests.
public protocol TurngateClock: Sendable {
    /// The wall clock, for what is written down.
    var now: Timestamp { get }
    /// A clock that never jumps, for deadlines and durations; its zero means
    /// nothing.
    var uptime: Duration { get }
    /// Waits until `uptime` has reached `moment`; throws `CancellationError`
    /// when the task is cancelled meanwhile.
    func sleep(until moment: Duration) async throws
}

extension TurngateClock {
    /// Waits for `duration` from now on.
    public func sleep(for duration: Duration) async throws {
        try await sleep(until: uptime + duration)
    }
}

/// The machine's clocks.
public struct SystemClock: TurngateClock {
    private static let start = ContinuousClock.now

    public init() { _ = Self.start }

    public var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    public var uptime: Duration { Self.start.duration(to: .now) }

    public func sleep(until moment: Duration) async throws {
        try await ContinuousClock().sleep(until: Self.start + moment)
    }
}
