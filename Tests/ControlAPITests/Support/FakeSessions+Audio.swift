import Domain
import Synchronization

extension FakeSessions {
    func setAudioInput(
        _ id: SessionID, _ change: AudioInputChange, actor: String?
    ) async throws(TurngateError) -> AudioInputReport {
        try perform(.setAudioInput(change, actor: actor)) { state throws(TurngateError) in
            var session = try Self.working(id, state)
            session.audioInput = AudioInput(
                enabled: change.enabled, reason: change.enabled ? .policy : .api,
                note: change.enabled ? nil : change.note, since: Self.start)
            state.sessions[id] = session
            return Self.report(session, state)
        }
    }

    func audioInput(_ id: SessionID) async throws(TurngateError) -> AudioInputReport {
        try perform(nil) { state throws(TurngateError) in Self.report(try Self.find(id, state), state) }
    }

    private static func report(_ session: Session, _ state: State) -> AudioInputReport {
        let readers = state.readers.filter { !$0.isClosed }.map { reader in
            AudioReaderReport(
                id: reader.id, participant: reader.participant, since: start, sentFrames: reader.sentFrames,
                droppedFrames: 3)
        }
        return AudioInputReport(input: session.audioInput, participants: session.gates, readers: readers)
    }

    func readAudio(_ id: SessionID, participant: String?) async throws(TurngateError) -> any AudioReading {
        try perform(.readAudio(participant: participant)) { state throws(TurngateError) in
            _ = try Self.working(id, state)
            let number = Int64(state.readers.count)
            let reader = FakeReader(id: ReaderID(at: Self.start + .milliseconds(number)), participant: participant)
            if state.nobodySpeaks { reader.finish() }
            state.readers.append(reader)
            return reader
        }
    }

    func speak(
        _ id: SessionID, _ source: any SpeechSource, interrupt: Bool, wait: Duration, actor: String?
    ) async throws -> Speech {
        let fake = try perform(.speak(interrupt: interrupt, wait: wait, actor: actor)) { state throws(TurngateError) in
            _ = try Self.working(id, state)
            return state.speech
        }
        return try await fake.play(source, wait: wait)
    }

    func interrupt(_ id: SessionID, actor: String?) async throws(TurngateError) -> SpeechInterruption {
        try perform(.interrupt(actor: actor)) { state throws(TurngateError) in
            _ = try Self.working(id, state)
            return state.speech.interruption
        }
    }
}

/// A reader that gets what a test hands it.
final class FakeReader: AudioReading {
    let id: ReaderID
    let participant: String?
    private let frames: AsyncStream<[AudioFrame]>
    private let input: AsyncStream<[AudioFrame]>.Continuation
    private let sent = Mutex<Int64>(0)
    private let closed: AsyncStream<Void>
    private let closing: AsyncStream<Void>.Continuation
    private let wasClosed = Mutex(false)

    init(id: ReaderID, participant: String?) {
        self.id = id
        self.participant = participant
        (frames, input) = AsyncStream.makeStream()
        (closed, closing) = AsyncStream.makeStream()
    }

    var sentFrames: Int64 { sent.withLock { $0 } }
    var isClosed: Bool { wasClosed.withLock { $0 } }

    /// Something passes the gate.
    func pass(_ samples: [Int16]) {
        let batch = stride(from: 0, to: samples.count, by: AudioFrame.sampleCount).map {
            AudioFrame(Array(samples[$0..<min($0 + AudioFrame.sampleCount, samples.count)]))
        }
        input.yield(batch)
    }

    /// The session is over.
    func finish() { input.finish() }

    /// Returns when the reader has been closed.
    func untilClosed() async { for await _ in closed {} }

    func next() async -> [AudioFrame]? {
        for await batch in frames {
            sent.withLock { $0 += Int64(batch.count) }
            return batch
        }
        return nil
    }

    func close() {
        wasClosed.withLock { $0 = true }
        input.finish()
        closing.finish()
    }
}

/// Plays as fast as it comes.
final class FakeSpeech: Sendable {
    private struct State {
        var samples: [Int16] = []
        var failure: (any Error)?
        var status = Speech.Status.completed
        var interruption = SpeechInterruption(speech: nil, dropped: 0)
        var playout = Duration.zero
    }

    private let state = Mutex(State())
    /// How many samples have been heard, after each piece.
    let progress: AsyncStream<Int>
    private let heard: AsyncStream<Int>.Continuation

    init() { (progress, heard) = AsyncStream.makeStream() }

    var samples: [Int16] { state.withLock { $0.samples } }
    /// Whether a source has thrown.
    var hasFailed: Bool { state.withLock { $0.failure != nil } }
    var interruption: SpeechInterruption { state.withLock { $0.interruption } }

    func end(as status: Speech.Status) { state.withLock { $0.status = status } }
    /// How long it takes from the upload's end until the speech is over.
    func take(_ playout: Duration) { state.withLock { $0.playout = playout } }
    func answer(_ interruption: SpeechInterruption) { state.withLock { $0.interruption = interruption } }

    func play(_ source: any SpeechSource, wait: Duration) async throws -> Speech {
        do {
            while let samples = try await source.next() {
                heard.yield(
                    state.withLock { state in
                        state.samples += samples
                        return state.samples.count
                    })
            }
        } catch {
            state.withLock { $0.failure = error }
            throw error
        }
        try await Task.sleep(for: state.withLock { $0.playout })
        let (count, status) = state.withLock { ($0.samples.count, $0.status) }
        return Self.speech(milliseconds: Int64(count / 48), wait == .zero ? .playing : status)
    }

    static func speech(milliseconds: Int64, _ status: Speech.Status) -> Speech {
        var speech = Speech(id: SpeechID(at: FakeSessions.start), createdAt: FakeSessions.start)
        speech.status = status
        speech.durationMs = milliseconds
        speech.playedMs = status == .completed ? milliseconds : milliseconds / 2
        speech.startedAt = FakeSessions.start + .milliseconds(20)
        if status != .playing { speech.endedAt = FakeSessions.start + .milliseconds(20 + milliseconds) }
        return speech
    }
}
