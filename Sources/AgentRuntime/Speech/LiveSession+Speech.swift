import Domain

/// What the agent says: taken in while it is uploaded, played one after the
/// other.
extension LiveSession {
    /// Takes a speech in, has it played, and returns when that is over or
    /// `wait` is.
    func speak(
        _ source: any SpeechSource, interrupt: Bool, wait: Duration, by caller: Caller
    ) async throws -> Speech {
        try requireInRoom()
        // The agent goes on speaking: nobody's turn comes in between.
        if interrupt { stopSpeeches() }
        guard speeches.count + (speaking == nil ? 0 : 1) < context.limits.speeches else {
            throw TurngateError.overloaded("a session takes at most \(context.limits.speeches) speeches at once")
        }
        let now = context.clock.now
        let run = SpeechRun(Speech(id: SpeechID(at: now), createdAt: now), capacity: context.limits.speechBacklogFrames)
        speeches.append(run)
        startPlayer()
        do {
            try await takeIn(source, for: run)
        } catch {
            fail(run)
            throw error
        }
        _ = await run.done.wait(for: wait, on: context.clock)
        return run.speech
    }

    private func takeIn(_ source: any SpeechSource, for run: SpeechRun) async throws {
        while let samples = try await source.next() {
            guard await run.add(samples) else { return }
            try Task.checkCancellation()
        }
        // Some sources end when their task is cancelled: that is no whole upload.
        try Task.checkCancellation()
        run.finish()
    }

    /// A speech goes no further: what waits of it is not played.
    private func fail(_ run: SpeechRun) {
        guard !run.isOver else { return }
        if speaking === run { hush(run) }
        close(run, .failed)
        speeches.removeAll { $0 === run }
        if !hasSomethingToSay { endSpeaking(reason: "the speech failed") }
    }

    /// Stops what is being said and drops what waits to be said.
    func interrupt(by caller: Caller) throws(TurngateError) -> SpeechInterruption {
        try requireWorking()
        let wasStalled = speechStalled
        let (stopped, dropped) = stopSpeeches()
        if speakingIsOurs {
            speakingIsOurs = false
            if states.state == .speaking || (wasStalled && states.state == .thinking) {
                _ = try step(to: .listening, cause: caller.cause, actor: caller.name, reason: "interrupt")
            }
        }
        return SpeechInterruption(speech: stopped?.speech, dropped: dropped)
    }

    /// Whether the agent is saying something, or about to.
    var hasSomethingToSay: Bool { speaking?.isOver == false || !speeches.isEmpty }

    /// Stops all speeches at once, without a word about the state.
    @discardableResult
    func stopSpeeches() -> (stopped: SpeechRun?, dropped: Int) {
        speechStalled = false
        let waiting = speeches
        speeches = []
        for run in waiting { stop(run) }
        guard let run = speaking, !run.isOver else { return (nil, waiting.count) }
        let wasPlaying = run.speech.status == .playing
        hush(run)
        stop(run)
        return wasPlaying ? (run, waiting.count) : (nil, waiting.count + 1)
    }

    private func stop(_ run: SpeechRun) { close(run, .interrupted) }

    /// A speech is over, once; says whether this was its end.
    @discardableResult
    private func close(_ run: SpeechRun, _ status: Speech.Status) -> Bool {
        guard run.end(status, at: context.clock.now) else { return false }
        context.metrics.speeches.labelled(status.rawValue).increment()
        tell(.speechEnded(run.speech))
        return true
    }

    /// Throws away what of `run` waits in the room's queue, and notes how much
    /// was sent.
    private func hush(_ run: SpeechRun) {
        guard let voice else { return }
        run.played(AudioFrame.duration * pushedFrames - voice.backlog)
        do throws(RoomError) {
            try voice.clear()
        } catch {
            logger.warning("the voice's queue was not cleared", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Playing

    private func startPlayer() {
        guard playerTask == nil else { return }
        playerTask = startOwn { await $0.playAll() }
    }

    private func playAll() async {
        while lifecycle.status.isWorking, !Task.isCancelled, let run = speeches.first {
            speeches.removeFirst()
            speaking = run
            await TraceContext.$current.withValue(run.trace) { await play(run) }
            speaking = nil
        }
        await muteLater()
        playerTask = nil
        // One that came meanwhile.
        if !speeches.isEmpty, lifecycle.status.isWorking { startPlayer() }
    }

    private func play(_ run: SpeechRun) async {
        pushedFrames = 0
        await run.wait(for: context.limits.speechLeadFrames)
        guard !run.isOver else { return }
        if run.isEmpty { return complete(run) }
        do {
            let voice = try await readyVoice()
            try await push(run, into: voice)
            guard !run.isOver else { return }
            await finishPlaying(run, voice)
        } catch {
            logger.warning("a speech was not played", metadata: ["error": "\(error)", "speech": "\(run.id)"])
            fail(run)
            await dropVoice()
            if !hasSomethingToSay { endSpeaking(reason: "the speech failed") }
        }
    }

    /// The agent's track, published and unmuted.
    private func readyVoice() async throws -> any RoomVoice {
        guard let connection else { throw RoomError.disconnected }
        stop(.mute)
        if let voice {
            if voiceIsMuted { try voice.setMuted(false) }
            voiceIsMuted = false
            return voice
        }
        let opened = try await connection.openVoice("agent-voice")
        guard connection === self.connection, lifecycle.status.isWorking else {
            await opened.close()
            throw RoomError.disconnected
        }
        voice = opened
        voiceIsMuted = false
        if !speakers.isEmpty { _ = await opened.awaitListener(within: context.limits.listenerWait) }
        return opened
    }

    private func push(_ run: SpeechRun, into voice: any RoomVoice) async throws {
        while true {
            switch run.next() {
            case .frame(let frame):
                try beginSpeaking(run)
                // Its own frames are counted before the wait for room in the
                // queue: an interruption may come during it.
                pushedFrames += 1
                lastPush = context.clock.uptime
                try await voice.play(frame)
                if run.isOver {
                    // It was stopped meanwhile: a frame that came behind that
                    // is not to be heard either.
                    try voice.clear()
                    return
                }
                run.played(AudioFrame.duration * pushedFrames - voice.backlog)
            case .nothing: await run.wait(for: 1)
            case .end: return
            }
            if run.isOver { return }
            try Task.checkCancellation()
        }
    }

    private func beginSpeaking(_ run: SpeechRun) throws(TurngateError) {
        let isFirst = run.speech.status == .queued
        if isFirst { run.began(at: context.clock.now) }
        guard isFirst || speechStalled else { return }
        speechStalled = false
        speakingIsOurs = true
        _ = try step(to: .speaking, cause: .playout, actor: nil, reason: isFirst ? nil : "speech goes on")
        if isFirst { tell(.speechStarted(run.speech)) }
    }

    /// Waits until the last frame was sent, or heard, as the policy wants it.
    private func finishPlaying(_ run: SpeechRun, _ voice: any RoomVoice) async {
        guard await pause(voice.backlog), !run.isOver else { return }
        run.played(AudioFrame.duration * pushedFrames)
        if session.spec.turnPolicy.align == .heard, !hasNextSpeech {
            guard await pause(await voice.listenersDelay()), !run.isOver else { return }
        }
        complete(run)
    }

    private func complete(_ run: SpeechRun) {
        guard close(run, .completed) else { return }
        if !hasNextSpeech { endSpeaking(reason: nil) }
    }

    /// Whether another follows without a pause.
    private var hasNextSpeech: Bool { speeches.first?.has(context.limits.speechLeadFrames) ?? false }

    /// The agent has finished: it listens, unless the backend has said
    /// otherwise meanwhile.
    func endSpeaking(reason: String?) {
        let wasStalled = speechStalled
        speechStalled = false
        guard speakingIsOurs else { return }
        speakingIsOurs = false
        guard lifecycle.status.isWorking else { return }
        guard states.state == .speaking || (wasStalled && states.state == .thinking) else { return }
        do throws(TurngateError) {
            _ = try step(to: .listening, cause: .playout, reason: reason)
        } catch {
            logger.error("the end of a speech was not written down", metadata: ["error": "\(error)"])
        }
    }

    private func pause(_ duration: Duration) async -> Bool {
        do {
            try await context.clock.sleep(for: duration)
            return true
        } catch {
            return false
        }
    }

    /// Nothing is left to be said: the track is muted once its last frame has left
    /// this machine, and the next speech does not wait for that.
    private func muteLater() async {
        guard let voice, !voiceIsMuted else { return }
        let delay = await voice.listenersDelay()
        start(.mute, after: delay) { await $0.muteIfQuiet() }
    }

    private func muteIfQuiet() {
        guard let voice, !voiceIsMuted, !hasSomethingToSay else { return }
        do throws(RoomError) {
            try voice.setMuted(true)
            voiceIsMuted = true
        } catch {
            logger.warning("the voice was not muted", metadata: ["error": "\(error)"])
        }
    }

    /// Gives the agent's track up; the next speech makes another.
    func dropVoice() async {
        let old = voice
        voice = nil
        await old?.close()
    }

    /// The room is gone: nothing is said any more.
    func endSpeeches() async {
        let waiting = speeches + (speaking.map { [$0] } ?? [])
        for run in waiting { fail(run) }
        playerTask?.cancel()
        await dropVoice()
    }
}
