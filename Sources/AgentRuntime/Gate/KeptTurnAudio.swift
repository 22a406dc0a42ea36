import DequeModule
import Domain
import Synchronization

/// The audio of turns whose policy wants it kept: in memory, bounded in size
/// and time, oldest out first. One per process.
public final class KeptTurnAudio: Sendable {
    private struct Entry {
        var turn: TurnID
        var samples: [Int16]
        var until: Duration
    }

    private struct State {
        var entries: Deque<Entry> = []
        var bytes = 0
    }

    private let maxBytes: Int
    private let time: Duration
    private let clock: any TurngateClock
    private let state = Mutex(State())

    public init(maxBytes: Int, time: Duration, clock: any TurngateClock) {
        self.maxBytes = maxBytes
        self.time = time
        self.clock = clock
    }

    /// Keeps a turn's audio, for which older ones may have to go; says whether
    /// it fits at all.
    func keep(_ samples: [Int16], of turn: TurnID) -> Bool {
        let bytes = samples.count * MemoryLayout<Int16>.size
        guard bytes <= maxBytes, bytes > 0 else { return false }
        let now = clock.uptime
        state.withLock { state in
            Self.forget(until: now, room: maxBytes - bytes, &state)
            state.entries.append(Entry(turn: turn, samples: samples, until: now + time))
            state.bytes += bytes
        }
        return true
    }

    /// A turn's audio; nil when it was not kept or is gone.
    func samples(of turn: TurnID) -> [Int16]? {
        let now = clock.uptime
        return state.withLock { state in
            Self.forget(until: now, room: maxBytes, &state)
            return state.entries.first { $0.turn == turn }?.samples
        }
    }

    /// Whether a turn's audio is there.
    func has(_ turn: TurnID) -> Bool {
        let now = clock.uptime
        return state.withLock { $0.entries.contains { $0.turn == turn && $0.until > now } }
    }

    /// Throws away what is too old; called now and then, so that what nobody
    /// asks for goes too.
    func sweep() {
        let now = clock.uptime
        state.withLock { Self.forget(until: now, room: maxBytes, &$0) }
    }

    private static func forget(until now: Duration, room: Int, _ state: inout State) {
        while let oldest = state.entries.first, oldest.until <= now || state.bytes > room {
            state.bytes -= oldest.samples.count * MemoryLayout<Int16>.size
            state.entries.removeFirst()
        }
    }
}
