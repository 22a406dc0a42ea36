import Domain
import Synchronization

/// The agent's audio track, published through the native core.
final class LiveKitVoice: RoomVoice {
    /// A frame is done with once no more than this waits before it, so at most
    /// 100 ms wait.
    static let queue = Duration.milliseconds(80)
    /// What the core needs to take a frame when it is well.
    private static let captureTimeout = Duration.seconds(2)
    private static let publishTimeout = Duration.seconds(10)
    private static let unpublishTimeout = Duration.seconds(5)

    private struct State {
        var trackSid: String?
        var publication: FFIHandle?
        /// Tracks that somebody has subscribed to: the answer to our publishing
        /// and this news may come in either order.
        var heard: Set<String> = []
        var waiting: [FFIReply] = []
        var ledger = VoiceLedger()
        var clears: UInt64 = 0
        var closing: Task<Void, Never>?
        var ended = false

        mutating func takeWaiting() -> [FFIReply] {
            defer { waiting = [] }
            return waiting
        }
    }

    private let core: LiveKitCore
    private let pending: PendingReplies
    private let participant: UInt64
    private let source: FFIHandle
    private let track: FFIHandle
    private let turns = Turnstile()
    private let jitterBuffer: @Sendable () -> Duration?
    private let closed: @Sendable (LiveKitVoice) -> Void
    private let state = Mutex(State())

    /// `participant` is the agent's handle, `jitterBuffer` gives what is known
    /// of our own receiving, `closed` is told once when the voice has gone.
    init(
        _ name: String, core: LiveKitCore, pending: PendingReplies, participant: UInt64,
        jitterBuffer: @escaping @Sendable () -> Duration?, closed: @escaping @Sendable (LiveKitVoice) -> Void
    ) throws(RoomError) {
        self.core = core
        self.pending = pending
        self.participant = participant
        self.jitterBuffer = jitterBuffer
        self.closed = closed
        source = try core.makeAudioSource(queue: Self.queue)
        track = try core.makeAudioTrack(name, from: source)
    }

    // MARK: Publishing

    func publish() async throws(RoomError) {
        let outcome = try await core.call(
            "publish the voice", timeout: Self.publishTimeout, tie: pending, arrived: { self.published($0) }
        ) { asyncID in
            .publishTrack(
                .with {
                    $0.localParticipantHandle = participant
                    $0.trackHandle = track.id
                    $0.options.source = .sourceMicrophone
                    $0.options.dtx = true
                    $0.options.red = true
                    $0.requestAsyncID = asyncID
                })
        }
        switch outcome {
        case .delivered(let delivery):
            guard case .publishTrack(let answer) = delivery.message else { return }
            if case .error(let text) = answer.message {
                throw ConnectFailure.requestError("publish the voice", text)
            }
        case .timedOut, .admitted: throw .timeout("publish the voice: no answer within \(Self.publishTimeout)")
        case .cancelled: throw .failed("publish the voice: cancelled")
        case .disconnected: throw .disconnected
        }
    }

    /// The core's answer, on the pump's thread. One that comes after the voice
    /// was closed is taken back.
    private func published(_ delivery: FFIDelivery) {
        guard case .publishTrack(let answer) = delivery.message, case .publication(let publication) = answer.message,
            let handle = delivery.handle(publication.handle.id)
        else { return }
        let sid = publication.info.sid
        let (kept, told) = state.withLock { state in
            if state.ended || state.closing != nil { return (false, [FFIReply]()) }
            state.publication = handle
            state.trackSid = sid
            return (true, state.heard.contains(sid) ? state.takeWaiting() : [])
        }
        for reply in told { reply.settle(.admitted) }
        if !kept { _ = try? core.request("take the voice back", .unpublishTrack(unpublishing(sid))) }
    }

    /// Somebody has subscribed to a track of the agent; on the pump's thread.
    func subscribed(_ trackSid: String) {
        let told = state.withLock { state in
            state.heard.insert(trackSid)
            return trackSid == state.trackSid ? state.takeWaiting() : []
        }
        for reply in told { reply.settle(.admitted) }
    }

    /// The core has published the track again after a reconnect, maybe under
    /// another handle; false if it is none of ours. On the pump's thread.
    func republished(_ event: WireLocalTrackRepublished) -> Bool {
        state.withLock { state in
            guard !state.ended, state.closing == nil, event.previousSid == state.trackSid else { return false }
            if state.publication?.id != event.publicationHandle {
                state.publication?.drop()
                state.publication = FFIHandle(id: event.publicationHandle, core: core)
            }
            // The core keeps to itself who subscribes meanwhile: who heard it
            // before hears it again.
            if state.heard.contains(event.previousSid) { state.heard.insert(event.info.sid) }
            state.trackSid = event.info.sid
            return true
        }
    }

    func awaitListener(within limit: Duration) async -> Bool {
        let reply = FFIReply()
        let known: Bool? = state.withLock { state in
            if let sid = state.trackSid, state.heard.contains(sid) { return true }
            if state.ended || state.closing != nil { return false }
            state.waiting.append(reply)
            return nil
        }
        if let known { return known }
        let tied = pending.insert(reply)
        let outcome = await reply.outcome(within: limit)
        pending.remove(tied)
        state.withLock { $0.waiting.removeAll { $0 === reply } }
        if case .admitted = outcome { return true } else { return false }
    }

    // MARK: Playing

    func play(_ frame: AudioFrame) async throws(RoomError) {
        if Task.isCancelled { throw .failed("play: cancelled") }
        try await turns.pass("play", within: Self.captureTimeout * 2, tie: pending) { () throws(RoomError) in
            try await capture(frame)
        }
    }

    /// Puts a frame in the core's queue and waits for the queue to have room.
    /// The core takes one at a time, so a cancelled caller waits for it, too.
    private func capture(_ frame: AudioFrame) async throws(RoomError) {
        let clears = try state.withLock { (state) throws(RoomError) in
            if state.ended || state.closing != nil { throw .failed("play: the voice is closed") }
            state.ledger.queued(at: .now)
            return state.clears
        }
        let result = await Task { () async -> Result<Bool, RoomError> in
            do throws(RoomError) {
                return .success(try await self.push(CapturedSamples(frame)))
            } catch {
                return .failure(error)
            }
        }.value
        let waited = try result.get()
        let wasCleared = state.withLock { state in
            if state.clears != clears { return true }
            if waited { state.ledger.waited(for: Self.queue, at: .now) }
            return false
        }
        // The core may have put the frame in after it was told to clear.
        if wasCleared { try clearQueue() }
    }

    /// True if the core made us wait for room in its queue.
    private func push(_ samples: CapturedSamples) async throws(RoomError) -> Bool {
        let begin = SuspendingClock.now
        let outcome = try await core.call(
            "play", timeout: Self.captureTimeout, tie: pending,
            // Keeps the samples until the core has answered, however late.
            arrived: { [samples] _ in withExtendedLifetime(samples) {} }
        ) { asyncID in
            .captureAudioFrame(
                .with {
                    $0.sourceHandle = source.id
                    $0.buffer = samples.info
                    $0.requestAsyncID = asyncID
                })
        }
        switch outcome {
        case .delivered(let delivery):
            guard case .captureAudioFrame(let answer) = delivery.message else { return false }
            if answer.hasError { throw .failed("play: \(answer.error)") }
            return SuspendingClock.now - begin > AudioFrame.duration / 4
        case .timedOut, .admitted: throw .timeout("play: the native core took no frame within \(Self.captureTimeout)")
        case .cancelled: throw .failed("play: cancelled")
        case .disconnected: throw .disconnected
        }
    }

    var backlog: Duration { state.withLock { $0.ledger.backlog(at: .now) } }

    func clear() throws(RoomError) {
        state.withLock { state in
            state.clears += 1
            state.ledger.cleared()
        }
        try clearQueue()
    }

    private func clearQueue() throws(RoomError) {
        try core.request("clear the voice", .clearAudioBuffer_p(.with { $0.sourceHandle = source.id }))
    }

    func setMuted(_ muted: Bool) throws(RoomError) {
        let request = WireLocalTrackMuteRequest.with {
            $0.trackHandle = track.id
            $0.mute = muted
        }
        try core.request("mute the voice", .localTrackMute(request))
    }

    func listenersDelay() async -> Duration { AudioDelays.listeners(jitterBuffer: jitterBuffer()) }

    // MARK: Closing

    func close() async {
        await state.withLock { state in
            if let closing = state.closing { return closing }
            let sid = state.trackSid
            let closing = Task { await self.takeBack(sid) }
            state.closing = closing
            return closing
        }.value
    }

    private func takeBack(_ trackSid: String?) async {
        if let trackSid {
            // It fails where the room is over; then the track is gone, too.
            _ = try? await core.call("take the voice back", timeout: Self.unpublishTimeout, tie: pending) { asyncID in
                .unpublishTrack(
                    .with {
                        $0 = unpublishing(trackSid)
                        $0.requestAsyncID = asyncID
                    })
            }
        }
        end()
    }

    private func unpublishing(_ trackSid: String) -> WireUnpublishTrackRequest {
        .with {
            $0.localParticipantHandle = participant
            $0.trackSid = trackSid
            $0.stopOnUnpublish = true
        }
    }

    /// Gives every handle back; the room is over, or the track taken back.
    func end() {
        let (publication, told) = state.withLock { state in
            defer { state.publication = nil }
            state.ended = true
            return (state.publication, state.takeWaiting())
        }
        for reply in told { reply.settle(.disconnected) }
        publication?.drop()
        track.drop()
        source.drop()
        closed(self)
    }
}
