import Domain
import Synchronization

/// The agent's track in a `FakeRoom`: remembers what was played, at the pace of
/// the clock it was given.
public final class FakeVoice: RoomVoice {
    private struct State {
        var frames: [AudioFrame] = []
        var cleared = 0
        var endsAt = Duration.zero
        var isMuted = false
        var isClosed = false
        var delay = Duration.milliseconds(40)
        var error: RoomError?
    }

    private let clock: any TurngateClock
    private let state = Mutex(State())
    private static let longestQueue = Duration.milliseconds(100)

    init(clock: any TurngateClock) { self.clock = clock }

    /// Every frame that was queued, played or cleared.
    public var frames: [AudioFrame] { state.withLock { $0.frames } }
    /// How often the queue was thrown away.
    public var clearCount: Int { state.withLock { $0.cleared } }
    /// Whether it sends nothing.
    public var isMuted: Bool { state.withLock { $0.isMuted } }
    /// Whether the track was taken back.
    public var isClosed: Bool { state.withLock { $0.isClosed } }
    /// From now on, playing fails with `error`; nil: it succeeds.
    public func fail(with error: RoomError?) { state.withLock { $0.error = error } }

    public func awaitListener(within limit: Duration) async -> Bool { true }

    public func play(_ frame: AudioFrame) async throws(RoomError) {
        let now = clock.uptime
        let (wait, error) = state.withLock { state -> (Duration, RoomError?) in
            if let error = state.error { return (.zero, error) }
            if state.isClosed { return (.zero, .disconnected) }
            state.frames.append(frame)
            state.endsAt = max(state.endsAt, now) + AudioFrame.duration
            return (state.endsAt - now - Self.longestQueue, nil)
        }
        if let error { throw error }
        guard wait > .zero else { return }
        do { try await clock.sleep(for: wait) } catch { throw .disconnected }
    }

    public var backlog: Duration {
        let now = clock.uptime
        return state.withLock { max($0.endsAt - now, .zero) }
    }

    public func clear() throws(RoomError) {
        let now = clock.uptime
        state.withLock { state in
            state.cleared += 1
            state.endsAt = now
        }
    }

    public func setMuted(_ muted: Bool) throws(RoomError) { state.withLock { $0.isMuted = muted } }
    public func listenersDelay() async -> Duration { state.withLock { $0.delay } }
    public func close() async { state.withLock { $0.isClosed = true } }
}
