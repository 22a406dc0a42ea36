import Domain

/// What passes the gate in one turn: counted, and kept where that is wanted.
struct TurnRecording {
    let turn: TurnID
    private(set) var counts = TurnAudioCounts()
    /// Nil: not kept, or grown over its bound.
    private(set) var samples: [Int16]?
    private let maxSamples: Int
    private var hasBegun = false
    private var frames: Int64 = 0
    private(set) var firstFrameAt: Duration?
    /// Since the gate was last opened, or the track last came.
    private var paceSince: Duration?
    private var framesSince: Int64 = 0
    private var droppedBefore: Int64 = 0

    init(turn: TurnID, keeps: Bool, maxBytes: Int) {
        self.turn = turn
        samples = keeps ? [] : nil
        maxSamples = maxBytes / MemoryLayout<Int16>.size
    }

    /// Notes what of the speaker's time before the start is in the turn: the
    /// ring's frames, and those that were on their way.
    /// Only the first opening of a turn has any.
    mutating func began(preRollFrames: Int) {
        guard !hasBegun else { return }
        hasBegun = true
        counts.preRollMs = Int64(preRollFrames) * 20
    }

    mutating func add(_ frame: AudioFrame, at time: Duration, fromRing: Bool) {
        frames += 1
        counts.audioMs = frames * 20
        if frame.isLoud { counts.speechMs += 20 }
        if !fromRing { arrived(at: time) }
        guard samples != nil else { return }
        if (samples?.count ?? 0) + frame.samples.count > maxSamples {
            samples = nil
        } else {
            samples?.append(contentsOf: frame.samples)
        }
    }

    private mutating func arrived(at time: Duration) {
        framesSince += 1
        if firstFrameAt == nil { firstFrameAt = time }
        let begin = paceSince ?? time
        paceSince = begin
        // A late frame is not a lost one: what counts is the whole turn's pace,
        // and less than 200 ms behind it is a machine's jitter.
        let missing = Int64((time - begin).milliseconds / 20) + 1 - framesSince
        counts.droppedFrames = droppedBefore + (missing >= 10 ? missing : 0)
    }

    /// The gate is shut for a while, or the track is gone or muted: what does
    /// not come now is not lost.
    mutating func pause() {
        droppedBefore = counts.droppedFrames
        paceSince = nil
        framesSince = 0
    }
}
