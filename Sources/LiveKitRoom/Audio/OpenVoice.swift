import Synchronization

/// The voice of a room, if one is open: there is one at a time.
final class OpenVoice: Sendable {
    private struct State {
        var voice: LiveKitVoice?
        var ended = false
    }

    private let state = Mutex(State())

    var current: LiveKitVoice? { state.withLock { $0.voice } }

    /// False if there is one already, or the room is being left.
    func insert(_ voice: LiveKitVoice) -> Bool {
        state.withLock { state in
            guard state.voice == nil, !state.ended else { return false }
            state.voice = voice
            return true
        }
    }

    func remove(_ voice: LiveKitVoice) {
        state.withLock { if $0.voice === voice { $0.voice = nil } }
    }

    /// The room is over: the voice gives its handles back, and there will be
    /// no other.
    func end() {
        state.withLock { state in
            state.ended = true
            return state.voice
        }?.end()
    }
}
