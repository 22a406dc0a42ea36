import Domain

/// Who is there, and who reads.
extension AudioGate {
    /// How a participant's gate stands, for the watchdog.
    struct Sight {
        var trackSid: String
        var isOpen: Bool
        var openSince: Duration?
        var lastFrameAt: Duration?
    }

    /// A participant's audio is received from now on, shut; another track under
    /// the same name replaces the old one and stands as that did.
    func add(_ identity: String, trackSid: String) {
        let now = clock.uptime
        state.withLock { state in
            let old = state.tracks[identity]
            guard old?.trackSid != trackSid else { return }
            var track = GateTrack(trackSid: trackSid, ringFrames: state.ringFrames)
            if let old, old.isOpen {
                state.recording?.pause()
                track.position = old.position
                track.openSince = now
            }
            state.tracks[identity] = track
        }
    }

    /// A participant's audio is gone.
    func remove(_ identity: String) {
        let now = clock.uptime
        state.withLock { state in
            if state.tracks.removeValue(forKey: identity)?.isOpen == true { state.recording?.pause() }
            // Under the lock, so that no later frame comes before these.
            deliverMixed(state.mixer.remove(identity, at: now), state)
        }
    }

    /// A participant has muted its track: what does not come of it is not lost.
    func noteMuted(_ identity: String) {
        state.withLock { state in
            if state.tracks[identity]?.isOpen == true { state.recording?.pause() }
        }
    }

    /// How much of what comes while a gate is shut is kept for its opening.
    func setPreRoll(_ duration: Duration) {
        state.withLock { state in
            state.ringFrames = Self.frames(in: duration)
            for identity in state.tracks.keys { state.tracks[identity]?.ring.capacity = state.ringFrames }
        }
    }

    /// The gates as they really stand.
    var sights: [String: Sight] {
        state.withLock {
            $0.tracks.mapValues {
                Sight(
                    trackSid: $0.trackSid, isOpen: $0.isOpen, openSince: $0.openSince, lastFrameAt: $0.lastFrameAt)
            }
        }
    }

    // MARK: Readers

    /// Adds a reader unless the session is over or has `limit` of them.
    func addReader(_ id: ReaderID, participant: String?, since: Timestamp, limit: Int) -> AudioReaderQueue? {
        state.withLock { state in
            guard !state.isOver, state.readers.count < limit else { return nil }
            let reader = AudioReaderQueue(id: id, participant: participant, since: since) { [weak self] id in
                _ = self?.state.withLock { $0.readers.removeValue(forKey: id) }
            }
            state.readers[id] = reader
            return reader
        }
    }

    /// Oldest first.
    var readerReports: [AudioReaderReport] {
        state.withLock { $0.readers.values.map(\.report) }.sorted { $0.id < $1.id }
    }

    /// The session is over: readers get what waits for them, and then the end.
    func close() {
        let readers = state.withLock { state in
            state.isOver = true
            state.tracks = [:]
            defer { state.readers = [:] }
            return Array(state.readers.values)
        }
        for reader in readers { reader.finish() }
    }
}
