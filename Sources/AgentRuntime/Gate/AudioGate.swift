import Domain
import Synchronization

/// Where the participants' audio passes, or does not. Frames come on the room's
/// audio thread; orders come from the session's actor. One short lock
/// makes every edge exact: what came before an order and what came after are
/// told apart by frame.
///
/// Edges are in the speaker's time. A call overtakes the speaker's audio by the
/// jitter buffer's delay, so that the frames which arrive for that long after
/// an order were spoken before it.
final class AudioGate: Sendable {
    struct State {
        var tracks: [String: GateTrack] = [:]
        var readers: [ReaderID: AudioReaderQueue] = [:]
        var mixer = AudioMixer()
        var recording: TurnRecording?
        var ringFrames = 0
        var isOver = false
        /// Called once the last words of a turn are in.
        var onTailEnd: (@Sendable () -> Void)?
    }

    let state = Mutex(State())
    let clock: any TurngateClock
    private let metrics: RuntimeMetrics

    init(clock: any TurngateClock, metrics: RuntimeMetrics) {
        self.clock = clock
        self.metrics = metrics
    }

    /// How many frames `duration` is, to the nearest.
    static func frames(in duration: Duration) -> Int { Int((duration.milliseconds / 20).rounded()) }

    /// How many frames it takes to hold `duration`, but for a quarter of a frame:
    /// to cut a last word is worse than to let a breath pass.
    static func frames(holding duration: Duration) -> Int { Int((duration.milliseconds / 20 + 0.25).rounded()) }

    // MARK: Frames

    /// Takes a frame; never blocks for longer than another frame's passing.
    func receive(_ frame: AudioFrame, of identity: String, trackSid: String) {
        let now = clock.uptime
        let tailEnd = state.withLock { state -> (@Sendable () -> Void)? in
            guard let track = state.tracks[identity], track.trackSid == trackSid else { return nil }
            return receive(frame, of: identity, at: now, track, &state)
        }
        tailEnd?()
    }

    private func receive(
        _ frame: AudioFrame, of identity: String, at now: Duration, _ before: GateTrack, _ state: inout State
    ) -> (@Sendable () -> Void)? {
        var track = before
        track.forget(at: now)
        track.lastFrameAt = now
        defer { state.tracks[identity] = track }
        if track.skip > 0 {
            track.skip -= 1
            metrics.frames(.dropped, 1)
            return nil
        }
        switch track.position {
        case .shut:
            track.ring.append(frame)
            metrics.frames(.dropped, 1)
            return nil
        case .open:
            pass(frame, of: identity, at: now, fromRing: false, &state)
            return nil
        case .tail(let left):
            pass(frame, of: identity, at: now, fromRing: false, &state)
            track.position = .tail(left - 1)
            guard left <= 1 else { return nil }
            track.shut(skipping: 0, until: now)
            deliverMixed(state.mixer.remove(identity, at: now), state)
            defer { state.onTailEnd = nil }
            return state.onTailEnd
        }
    }

    private func pass(
        _ frame: AudioFrame, of identity: String, at now: Duration, fromRing: Bool, _ state: inout State
    ) {
        let isFirst = !fromRing && state.recording?.firstFrameAt == nil
        state.recording?.add(frame, at: now, fromRing: fromRing)
        if isFirst, state.recording != nil, let since = state.tracks[identity]?.openSince {
            metrics.turnStartToFirstFrame.observe((now - since).seconds)
        }
        metrics.frames(fromRing ? .preRoll : .passed, 1)
        var isMixed = false
        for reader in state.readers.values {
            if let wanted = reader.participant {
                if identity.isIdentity(wanted) { deliver(frame, to: reader) }
            } else {
                isMixed = true
            }
        }
        guard isMixed else { return state.mixer.clear() }
        deliverMixed(state.mixer.add(frame, of: identity, at: now), state)
    }

    func deliverMixed(_ frames: [AudioFrame], _ state: State) {
        for frame in frames {
            for reader in state.readers.values where reader.participant == nil { deliver(frame, to: reader) }
        }
    }

    private func deliver(_ frame: AudioFrame, to reader: AudioReaderQueue) {
        let dropped = reader.append(frame)
        if dropped > 0 { metrics.readerDrops.increment(by: Double(dropped)) }
    }

    // MARK: Orders

    /// What a participant's gate is opened for.
    struct Opening {
        /// How far its frames lag behind a call.
        var lag: Duration
        /// How much from before the order is to pass.
        var preRoll: Duration
    }

    /// Counts (and keeps) what passes from now on as this turn's.
    func record(_ recording: TurnRecording) { state.withLock { $0.recording = recording } }

    /// Opens a participant's gate; what of the pre-roll there was passes at
    /// once, joined to what follows.
    func open(_ identity: String, _ opening: Opening) {
        let now = clock.uptime
        state.withLock { state in
            guard var track = state.tracks[identity], !track.isOpen else { return }
            track.forget(at: now)
            let ahead = opening.lag == .zero ? .zero : track.ahead(at: now, lag: opening.lag)
            let early = track.ring.take(Self.frames(in: opening.preRoll - ahead))
            // Frames of before the order are still to come: as far as they are
            // not wanted, or belong to a cancelled turn, they do not pass; the
            // others count as pre-roll. What was said after the order passes in
            // any case.
            let late = Self.frames(in: ahead)
            track.skip = max(min(track.skip, late), Self.frames(in: ahead - opening.preRoll))
            track.skipUntil = max(track.skipUntil, now + ahead + GateTrack.longestGap)
            let toCome = max(late - track.skip, 0)
            track.position = .open
            track.openSince = now
            state.tracks[identity] = track
            state.recording?.began(preRollFrames: early.count + toCome)
            for frame in early { pass(frame, of: identity, at: now, fromRing: true, &state) }
        }
    }

    /// Shuts a participant's gate at once. What still arrives from before the
    /// order is thrown away: it is in no later turn's pre-roll.
    func shut(_ identity: String, lag: Duration) {
        let now = clock.uptime
        state.withLock { state in
            guard var track = state.tracks[identity], track.isOpen else { return }
            // The session, which waits no more, is not held on to.
            if case .tail = track.position { state.onTailEnd = nil }
            // Half as much again and a frame more: the lag is an estimate, and
            // silence is the safe side.
            let rest = track.ahead(at: now, lag: lag) + lag / 2 + AudioFrame.duration
            track.shut(skipping: Self.frames(in: rest), until: now + rest + GateTrack.longestGap)
            state.tracks[identity] = track
            state.recording?.pause()
            deliverMixed(state.mixer.remove(identity, at: now), state)
        }
    }

    /// Lets the last words through, then shuts and calls `onEnd`, on whichever
    /// thread that happens. False where nothing is to be waited for.
    func shutAfterTail(_ identity: String, lag: Duration, onEnd: @escaping @Sendable () -> Void) -> Bool {
        let now = clock.uptime
        return state.withLock { state in
            guard var track = state.tracks[identity], track.isOpen else { return false }
            // The frame in which the call was made has a last word.
            let tail = Self.frames(holding: track.ahead(at: now, lag: lag))
            guard tail > 0 else {
                track.shut(skipping: 0, until: now)
                state.tracks[identity] = track
                deliverMixed(state.mixer.remove(identity, at: now), state)
                return false
            }
            track.position = .tail(tail)
            state.tracks[identity] = track
            state.onTailEnd = onEnd
            return true
        }
    }

    /// Takes the recording of a turn; whatever passes later is in none.
    func takeRecording(of turn: TurnID) -> TurnRecording? {
        state.withLock { state in
            guard let recording = state.recording, recording.turn == turn else { return nil }
            state.recording = nil
            return recording
        }
    }

    /// What has passed of a running turn.
    func counts(of turn: TurnID) -> TurnAudioCounts? {
        state.withLock { $0.recording?.turn == turn ? $0.recording?.counts : nil }
    }
}
