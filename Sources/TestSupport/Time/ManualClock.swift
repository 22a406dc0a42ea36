import Domain
import Synchronization

/// A clock that stands still until a test moves it.
public final class ManualClock: TurngateClock {
    private struct Sleeper {
        var deadline: Duration
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var uptime = Duration.zero
        var skew = Duration.zero
        var nextSleeper = 0
        var sleepers: [Int: Sleeper] = [:]
    }

    private let state = Mutex(State())
    private let epoch: Timestamp

    /// Begins at `epoch`, by default 2026-11-22T12:00:00Z.
    public init(epoch: Timestamp = Timestamp(microseconds: 1_795_348_800_000_000)) { self.epoch = epoch }

    public var now: Timestamp { state.withLock { epoch + $0.uptime + $0.skew } }
    public var uptime: Duration { state.withLock { $0.uptime } }

    /// How many tasks sleep at this moment.
    public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// Moves the wall clock alone, as an administrator or NTP may.
    public func skewWallClock(by duration: Duration) { state.withLock { $0.skew += duration } }

    /// Moves the clock on and wakes whoever's time has come, earliest first.
    public func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.uptime += duration
            let due = state.sleepers.filter { $0.value.deadline <= state.uptime }
            for key in due.keys { state.sleepers[key] = nil }
            return due.sorted { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }.map(\.value.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    public func sleep(until moment: Duration) async throws {
        let number = state.withLock { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.uptime >= moment { return .success(()) }
                    state.sleepers[number] = Sleeper(deadline: moment, continuation: continuation)
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: number) }?.continuation.resume(
                throwing: CancellationError())
        }
    }
}
